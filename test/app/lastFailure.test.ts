/** When the deadline comes, the last real failure is told, unless a write is on its way. */
import { IcrError, IcrHttp } from "@effect-icr/app"
import type { Credential } from "@effect-icr/app/Credential"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { credential, draw, failure, type Play, played, status, wireOver } from "./support/wire.ts"

/** Waits for so long after a refusal, as for a token that has not spread yet. */
const waiting = (wait: number): Credential => ({
  ...credential,
  isFixed: false,
  onRefused: () => Effect.as(Effect.sleep(wait), { again: true, tried: "nothing" })
})

const client = (wait: number) =>
  Effect.map(IcrHttp, (http) => http.client({ operation: "Test.call", credential: waiting(wait) }))

/** The first answer, then silence. */
const then =
  (code: number): Play =>
  (n) =>
    n === 1 ? Effect.sync(() => status(code)) : Effect.never

describe("at the deadline", () => {
  it.effect("a wait after a refusal ends with the refusal", () =>
    Effect.gen(function* () {
      const reason = yield* failure(Effect.flatMap(client(60_000), (client) => client.post("/things")))
      assert.strictEqual(reason._tag, "Unauthorized")
      assert.isFalse(new IcrError({ reason }).mayHaveHappened)
      // Another credential may do, and there was no time for one.
      assert.isTrue(new IcrError({ reason }).isRetryable)
      assert.match(reason.message, /nothing was done.*try again/)
    }).pipe(Effect.provide(wireOver(played(then(401)).layer, { deadline: "5 seconds" })))
  )

  for (const code of [401, 503]) {
    it.effect(`a read that is on its way after a ${code} ends with the ${code}`, () =>
      Effect.gen(function* () {
        const reason = yield* failure(draw(1)(Effect.flatMap(client(10), (client) => client.get("/things"))))
        assert.strictEqual("status" in reason && reason.status, code)
      }).pipe(Effect.provide(wireOver(played(then(code)).layer, { deadline: "5 seconds" })))
    )
  }

  it.effect("a write that is on its way after a refusal may have been done", () =>
    Effect.gen(function* () {
      const reason = yield* failure(Effect.flatMap(client(10), (client) => client.post("/things")))
      assert.strictEqual(reason._tag, "Timeout")
      assert.isTrue(new IcrError({ reason }).mayHaveHappened)
    }).pipe(Effect.provide(wireOver(played(then(401)).layer, { deadline: "5 seconds" })))
  )

  it.effect("a refusal is not heard twice", () => {
    let heard = 0
    const counting: Credential = {
      ...credential,
      onRefused: () =>
        Effect.as(
          Effect.sync(() => heard++),
          { again: true, tried: "nothing" }
        )
    }
    return Effect.gen(function* () {
      const http = yield* IcrHttp
      yield* failure(http.client({ operation: "Test.call", credential: counting }).get("/things"))
      assert.strictEqual(heard, 1)
    }).pipe(Effect.provide(wireOver(played(then(401)).layer, { deadline: "5 seconds" })))
  })
})
