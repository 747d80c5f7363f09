/**
 * Lists the first ten installations of the app with their organizations and permissions.
 *
 * Needs `ICR_APP_ID` and `ICR_PRIVATE_KEY`; `ICR_BASE_URL` selects a simulator, `ICR_ENVIRONMENT=sandbox` the sandbox.
 */
import { IcrApp } from "@effect-icr/app/IcrApp"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

const program = Effect.gen(function* () {
  const { installations } = yield* IcrApp
  yield* installations.pipe(
    // Lazy: taking ten fetches one page, however many there are.
    Stream.take(10),
    Stream.runForEach(({ id, organization, permissions }) =>
      Console.log(`${id}  ${organization.displayName}  ${Object.keys(permissions).join(", ")}`)
    )
  )
})

program.pipe(Effect.provide(IcrApp.layer.pipe(Layer.provide(FetchHttpClient.layer))), NodeRuntime.runMain)
