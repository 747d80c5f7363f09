/** Prints who has installed the app. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { Console, Effect, Stream } from "effect"

export const program = Effect.gen(function* () {
  const { installations } = yield* IcrApp
  const names = yield* installations.pipe(
    Stream.map(({ organization }) => organization.displayName),
    Stream.runCollect
  )
  yield* Console.log(`${names.length} installations: ${names.join(", ")}`)
  return names
})
