/** What calls log at `Debug`: one line for each attempt, retry, refusal and wait. */
import { IcrHttp, RateLimit } from "@effect-icr/app"
import type { Credential } from "@effect-icr/app/Credential"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, References } from "effect"
import { HttpClientError } from "effect/http"
import { credential, draw, inVirtualTime, type Play, played, wireOver } from "./support/wire.ts"

const again: Credential = {
  ...credential,
  onRefused: () => Effect.as(Effect.sleep(1000), { again: true, tried: "nothing" })
}

/** The lines of two calls after another. */
const logged = (
  play: Play,
  installation?: string,
  limit?: Layer.Layer<RateLimit, unknown>,
  credential: Credential = again
) => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel} ${String(message)}`)
  })
  const get = Effect.flatMap(IcrHttp, (http) =>
    Effect.exit(http.client({ operation: "Test.call", credential, installation }).get("/things/123?secret=1"))
  )
  const wire = wireOver(played(play).layer)
  return inVirtualTime(draw(0.5)(Effect.andThen(get, get))).pipe(
    Effect.provide(limit === undefined ? wire : Layer.provide(wire, limit)),
    Effect.provide(Logger.layer([logger])),
    Effect.provideService(References.MinimumLogLevel, "Debug"),
    Effect.as(lines)
  )
}

describe("debug log lines", () => {
  it.effect("say what was sent, what came, how long it took, and what is done about it", () =>
    Effect.gen(function* () {
      const lines = yield* logged(
        (n) =>
          Effect.delay(
            Effect.sync(() => new Response("{}", { status: [503, 401][n - 1] ?? 200 })),
            n * 10
          ),
        "i-1"
      )
      const call = "Debug Test.call, GET /things/{id}, installation i-1"
      assert.deepStrictEqual(lines, [
        `${call}, attempt 1: answered 503 in 10 ms`,
        `${call}, attempt 1: retrying in 100 ms`,
        `${call}, attempt 2: answered 401 in 20 ms`,
        `${call}, attempt 2: credential refused, asked for once more after 1000 ms`,
        `${call}, attempt 3: answered 200 in 30 ms`,
        `${call}, attempt 1: answered 200 in 40 ms`
      ])
    })
  )

  it.effect("name a failure without an answer, and a wait that was asked for", () =>
    Effect.gen(function* () {
      const lines = yield* logged((n, request) =>
        n === 1
          ? Effect.fail(
              new HttpClientError.HttpClientError({
                reason: new HttpClientError.TransportError({ request, cause: { code: "ECONNRESET" } })
              })
            )
          : Effect.sync(() => new Response("{}", { status: 429, headers: { "retry-after": "100" } }))
      )
      const call = "Debug Test.call, GET /things/{id}"
      assert.deepStrictEqual(lines, [
        `${call}, attempt 1: failed with Transport reset in 0 ms`,
        `${call}, attempt 1: retrying in 100 ms`,
        `${call}, attempt 2: answered 429 in 0 ms`,
        `${call}: not sent, since the registry asked to wait 100000 ms more`
      ])
    })
  )

  it.effect("name a wait for the rate limit", () =>
    Effect.gen(function* () {
      const lines = yield* logged(
        () => Effect.sync(() => new Response("{}")),
        undefined,
        RateLimit.layerMemoryWith({ limit: 1, window: "1 second" })
      )
      assert.include(lines, "Debug Test.call, GET /things/{id}: waited 1000 ms for the rate limit")
    })
  )

  it.effect("name a wait for the credential", () =>
    Effect.gen(function* () {
      const slow: Credential = { ...again, get: Effect.delay(again.get, 700) }
      const lines = yield* logged(() => Effect.sync(() => new Response("{}")), undefined, undefined, slow)
      assert.include(lines, "Debug Test.call, GET /things/{id}: waited 700 ms for its credential")
    })
  )
})
