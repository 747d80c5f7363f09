/** Start, one token from the registry, and one from the cache. `ICR_…` and `INSTALLATION` come from the environment. */
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { IcrApp } from "@effect-icr/app/IcrApp"

const id = process.env.INSTALLATION

const program = Effect.gen(function* () {
  const app = yield* IcrApp
  yield* app.installationToken(id)
  return yield* app.installationToken(id)
})

await Effect.runPromise(program.pipe(Effect.provide(IcrApp.layer), Effect.provide(FetchHttpClient.layer)))
