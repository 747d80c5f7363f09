/**
 * Replaces two services beneath `IcrApp` with test doubles and runs a program without a registry, a key or a network.
 *
 * The token cache, retries, decoding and errors are the real ones.
 */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { IcrHttp } from "@effect-icr/app/IcrHttp"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { TokenCache } from "@effect-icr/app/TokenCache"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Plays the registry: sees each request, answers what it likes. Retries, decoding and errors stay the real ones. */
const http = IcrHttp.layerTest(
  Effect.fnUntraced(function* ({ method, path }) {
    const now = yield* DateTime.now
    yield* Console.log(`the double saw ${method} ${path}`)
    return path === "/app/accessTokens"
      ? {
          body: {
            id: "token-1",
            createdAt: DateTime.formatIso(now),
            updatedAt: DateTime.formatIso(now),
            token: "a-token-of-the-double",
            expiresAt: DateTime.formatIso(DateTime.add(now, { hours: 2 })),
            isActive: true,
            permissions: { organization_info: "VIEW" },
            appId: "app-1"
          }
        }
      : { status: 404, body: { statusCode: 404, message: "No such installation", error: "Not Found" } }
  })
)

const layer = IcrApp.layerNoDeps.pipe(
  Layer.provide(TokenCache.layer),
  Layer.provide([http, Signer.layerTest()]),
  Layer.provide([ServerClock.layer, IcrConfig.layerWith({ appId: "app-1", environment: "sandbox" })])
)

const program = Effect.gen(function* () {
  const app = yield* IcrApp
  const [first, second] = yield* Effect.all([app.appToken, app.appToken], { concurrency: 2 })
  yield* Console.log(`two callers, one token: ${first === second}`)
  yield* app.appClient
    .get("/projects/unknown")
    .pipe(Effect.catchReason("IcrError", "NotFound", ({ message }) => Console.log(message)))
})

program.pipe(Effect.provide(layer), NodeRuntime.runMain)
