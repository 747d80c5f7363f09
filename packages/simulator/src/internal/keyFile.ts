/** The file that holds the app's private key between runs of the program. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import { SimulatorError } from "../SimulatorError.ts"
import * as Keys from "./keys.ts"

/** The file's absolute path. Fails for a path where something else than a file is. */
export const locate = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const absolute = path.resolve(file)
  const kind = Option.map(yield* Effect.option(fs.stat(absolute)), ({ type }) => type)
  if (Option.contains(kind, "Directory")) {
    const inside = path.join(absolute, "icr_private_key.pem")
    return yield* new SimulatorError({ message: `--key-file ${absolute} is a folder; name a file, such as ${inside}` })
  }
  if (Option.isSome(kind) && kind.value !== "File") {
    return yield* new SimulatorError({ message: `--key-file ${absolute} is not a regular file` })
  }
  return absolute
})

/** Reads the key, if the file exists. A file without a usable key is an error, since it may be of other use. */
export const read = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  if (!(yield* fs.exists(path))) return Option.none()
  const pem = Redacted.make(yield* fs.readFileString(path))
  yield* Keys.fromPrivatePem(pem, `--key-file ${path}`).pipe(
    Effect.mapError(({ message }) => new SimulatorError({ message: `${message}; --new-key replaces the file` }))
  )
  return Option.some(pem)
})

/** Writes a key to a file that only its owner can read. Replaces an existing file. */
export const write = Effect.fnUntraced(function* (path: string, pem: Redacted.Redacted<string>) {
  const fs = yield* FileSystem.FileSystem
  // A mode applies to a new file only. An older file might stay readable by others.
  yield* fs.remove(path, { force: true })
  yield* fs.writeFileString(path, Redacted.value(pem), { flag: "wx", mode: 0o600 })
})
