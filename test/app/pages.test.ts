/** A list that breaks off says on which page. */
import { IcrApp, IcrHttp } from "@effect-icr/app"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { Signer } from "@effect-icr/app/Signer"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import type { TestResponse } from "@effect-icr/app/IcrHttp"
import { installation } from "../support/documents.ts"

/** Two good pages, then this answer. */
const listing = (third: TestResponse, pagination: object = { total: 150, currentPage: 1, pageCount: 3 }) =>
  IcrApp.layerNoDeps.pipe(
    Layer.provide(TokenCache.layer),
    Layer.provide([
      Signer.layerTest(),
      IcrHttp.layerTest(
        ({ path }) => {
          const page = Number(/page=(\d+)/.exec(path)?.[1])
          if (page === 2) return Effect.succeed(third)
          const installations = Array.from({ length: 50 }, (_, n) => ({ ...installation, id: `i-${page}-${n}` }))
          return Effect.succeed({ body: { installations, pagination } })
        },
        { retry: false }
      )
    ]),
    Layer.provide([ServerClock.layer, IcrConfig.layerWith({ appId: "67890" })])
  )

const bad: Readonly<Record<string, TestResponse>> = {
  DecodeFailure: { body: { installations: [{ id: 5 }] } },
  ServerError: { status: 503 },
  Forbidden: { status: 403 },
  RateLimited: { status: 429 }
}

describe("the number of a page", () => {
  for (const [tag, third] of Object.entries(bad)) {
    it.effect(`is in ${tag}`, () =>
      Effect.gen(function* () {
        const app = yield* IcrApp
        for (const call of [Stream.runDrain(app.installations), app.installationPage({ limit: 50, page: 2 })]) {
          const { message, reason } = yield* Effect.flip(call)
          assert.strictEqual(reason._tag, tag)
          assert.include(message, "(GET /app/installations, page 2)")
          if ("page" in reason) assert.strictEqual(reason.page, 2)
          else assert.fail("no page")
        }
      }).pipe(Effect.provide(listing(third)))
    )
  }
})

describe("a list whose counters are of a wrong type", () => {
  const last: TestResponse = { body: { installations: [{ ...installation, id: "i-last" }], pagination: { total: {} } } }
  for (const pagination of [
    { total: "101", prevPage: "x" },
    { total: true, pageCount: "many" },
    { total: 101, nextPage: [] }
  ]) {
    it.effect(`${JSON.stringify(pagination)} is read to its end`, () =>
      Effect.gen(function* () {
        const app = yield* IcrApp
        assert.strictEqual(yield* Stream.runCount(app.installations), 101)
      }).pipe(Effect.provide(listing(last, pagination)))
    )
  }
})
