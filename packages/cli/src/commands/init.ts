/** `icr init`: a project to begin with. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { packageFile, version } from "../environment/manifest.ts"
import { Failure } from "../failure/failure.ts"

/** Fails where the folder holds anything: no file of the user's is written over. */
const checkEmpty = Effect.fnUntraced(function* (dir: string) {
  const fs = yield* FileSystem.FileSystem
  if (!(yield* fs.exists(dir))) return
  const { type } = yield* fs.stat(dir)
  if (type !== "Directory" || (yield* fs.readDirectory(dir)).length > 0) {
    return yield* new Failure({ kind: "usage", message: `${dir} is there already and not an empty folder` })
  }
})

/**
 * Makes a folder and those above it that are missing. One at a time, since Node's own `recursive` never returns where
 * the system takes no folder and calls it missing, as under `/proc`.
 */
const makeFolder = (dir: string): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    if (yield* fs.exists(dir)) return
    yield* makeFolder(path.dirname(dir))
    yield* fs.makeDirectory(dir)
  })

/** Copies the starter. The packages it depends on are those of this release. */
const copyStarter = Effect.fnUntraced(function* (dir: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* Effect.mapError(
    makeFolder(dir),
    ({ reason }) => new Failure({ message: `the folder ${dir} cannot be made (${reason._tag})` })
  )
  yield* fs.copy(yield* packageFile("starter"), dir, { overwrite: false })
  // npm leaves out files of this name when it packs.
  yield* fs.rename(path.join(dir, "gitignore"), path.join(dir, ".gitignore"))
  const manifest = path.join(dir, "package.json")
  const text = yield* fs.readFileString(manifest)
  yield* fs.writeFileString(manifest, text.replaceAll("^0.0.0", `^${yield* version}`))
})

/** Makes the project and says what to do next. */
export const init = Command.make(
  "init",
  { dir: Argument.String("dir").pipe(Argument.withDescription("A folder that is empty or not there yet")) },
  Effect.fnUntraced(function* ({ dir }) {
    yield* checkEmpty(dir)
    yield* copyStarter(dir)
    yield* Console.error(
      `icr: ${dir} has a program, its configuration and a test. Next: cd ${dir} && ` +
        "npm install ../effect-icr/effect-icr-*.tgz (packed from a clone, as its README.md says: not on npm yet)"
    )
  })
).pipe(Command.withDescription("Copy a small project to begin with: configuration, program, test"))
