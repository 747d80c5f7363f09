/** Files of this package that are not sources, and what its `package.json` says. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

const Manifest = Schema.fromJsonString(Schema.Struct({ version: Schema.String }))

/** The path of a file of this package. The same from `src` and from `dist`. */
export const packageFile = Effect.fnUntraced(function* (name: string) {
  const path = yield* Path.Path
  return yield* Effect.orDie(path.fromFileUrl(new URL(`../../${name}`, import.meta.url)))
})

/** The version of this package. */
export const version = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const text = yield* fs.readFileString(yield* packageFile("package.json"))
  return (yield* Schema.decodeEffect(Manifest)(text)).version
}).pipe(Effect.orDie)
