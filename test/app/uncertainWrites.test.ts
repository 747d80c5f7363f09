/** A write that may have been done is never told to be tried again: every message says to look first. */
import { IcrError, IcrReason, idempotent } from "@effect-icr/app"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option } from "effect"
import { HttpClientError } from "effect/http"
import { anyClient, failure, type Play, played, wireOver } from "./support/wire.ts"

const look = "it may have been done; look before sending it again"

const answers: Readonly<Record<string, Play>> = {
  "503": () => Effect.sync(() => new Response(null, { status: 503 })),
  "503 with Retry-After": () => Effect.sync(() => new Response(null, { status: 503, headers: { "retry-after": "7" } })),
  "an HTML 502": () => Effect.sync(() => new Response("<h1>Bad gateway</h1>", { status: 502 })),
  "408": () => Effect.sync(() => new Response(null, { status: 408 })),
  "a redirect": () => Effect.sync(() => new Response(null, { status: 302 })),
  silence: () => Effect.never,
  "a lost connection": (_, request) =>
    Effect.fail(new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request }) })),
  "a success that is too long": () => Effect.sync(() => new Response("much too long"))
}

describe("a write that may have been done", () => {
  for (const [name, play] of Object.entries(answers)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const client = yield* anyClient
        const error = new IcrError({ reason: yield* failure(client.post("/things")) })
        assert.isTrue(error.mayHaveHappened)
        assert.include(error.message, look)
        assert.notMatch(error.message, /try again/)
        const again = new IcrError({ reason: yield* failure(idempotent(client.post("/things"))) })
        assert.isFalse(again.mayHaveHappened)
        assert.notInclude(again.message, look)
      }).pipe(Effect.provide(wireOver(played(play).layer, { maxBodyBytes: 3 })))
    )
  }

  it("every reason that can be one says so", () => {
    const write = { operation: "X.y", method: "POST", path: "/x", idempotent: false, attempts: 1 }
    const call = { ...write, elapsed: Duration.zero }
    const answer = { ...call, registryMessage: [] }
    const limit = Duration.seconds(1)
    const reasons = [
      new IcrReason.ServerError({ ...answer, status: 500, retryAfter: Option.none() }),
      new IcrReason.UnexpectedStatus({ ...answer, status: 0 }),
      new IcrReason.DecodeFailure({ ...call, status: 200, at: "id", expected: "expected a string" }),
      new IcrReason.Transport({ ...call, kind: "cut", code: Option.none() }),
      new IcrReason.Timeout({ ...call, of: "attempt", limit }),
      new IcrReason.Timeout({ ...call, of: "call", limit })
    ]
    for (const reason of reasons) assert.match(reason.message, new RegExp(`[;:] ${look}\\.$`))
  })
})
