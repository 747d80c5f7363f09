/** What calls log. */
import { IcrHttp } from "@effect-icr/app"
import type { Credential } from "@effect-icr/app/Credential"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, References } from "effect"
import { credential, inVirtualTime, played, wireOver } from "./support/wire.ts"

describe("debug log lines", () => {
  it.effect("name each attempt, retry and refused credential, and nothing secret", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => {
      lines.push(`${logLevel} ${String(message)}`)
    })
    const registry = played((n) => Effect.sync(() => new Response("{}", { status: [503, 401][n - 1] ?? 200 })))
    const again: Credential = { ...credential, onRefused: () => Effect.succeed({ again: true, tried: "nothing" }) }
    return Effect.gen(function* () {
      const http = yield* IcrHttp
      yield* inVirtualTime(http.client({ operation: "Test.call", credential: again }).get("/things/123"))
      assert.deepStrictEqual(
        lines.map((line) => line.replace(/in \d.*/, "in a while")),
        [
          "Debug Test.call: attempt 1, GET /things/{id}",
          "Debug Test.call (GET /things/{id}) answered 503: the registry failed; try again later. Retrying in a while",
          "Debug Test.call: attempt 2, GET /things/{id}",
          "Debug Test.call: the credential was refused; asking for it once more",
          "Debug Test.call: attempt 3, GET /things/{id}"
        ]
      )
    }).pipe(
      Effect.provide(wireOver(registry.layer)),
      Effect.provide(Logger.layer([logger])),
      Effect.provideService(References.MinimumLogLevel, "Debug")
    )
  })
})
