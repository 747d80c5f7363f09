import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { body, call, callAsApp, exchange, Page } from "./support/calls.ts"
import { appJwt } from "./support/jwt.ts"

/** The figures themselves come from `figures/list.ts` and `figures/load.ts`, which print what they measure. */
describe("a large world", () => {
  it.effect(
    "of 100,000 installations has 100,000 ids and answers for the last of them",
    Effect.fnUntraced(
      function* () {
        const { installationIds, organizationIds } = yield* Simulator
        const ids = yield* installationIds
        assert.strictEqual(new Set(ids).size, 100_000)
        assert.strictEqual(new Set([...ids, ...(yield* organizationIds)]).size, 200_000)
        const last = yield* Effect.flatMap(callAsApp("GET", "/app/installations?limit=50&page=1999"), body(Page))
        assert.deepStrictEqual([last.pagination.total, last.pagination.nextPage], [100_000, null])
        assert.deepStrictEqual(
          last.installations.map(({ id }) => id),
          ids.slice(-50)
        )
        assert.match(yield* exchange(ids.at(-1)), /^crs_/)
      },
      Effect.provide(Simulator.layerWith({ installations: 100_000 }))
    )
  )
  it.effect(
    "of none is an empty page",
    Effect.fnUntraced(
      function* () {
        const page = yield* Effect.flatMap(callAsApp("GET", "/app/installations"), body(Page))
        assert.deepStrictEqual(page, {
          pagination: { total: 0, currentPage: 1, pageCount: 0, nextPage: null, prevPage: 0 },
          installations: []
        })
      },
      Effect.provide(Simulator.layerWith({ installations: 0 }))
    )
  )
})

describe("what is kept is bounded", () => {
  it.effect(
    "the request log by its size, while the count goes on",
    Effect.fnUntraced(
      function* () {
        const { control } = yield* Simulator
        yield* Effect.replicateEffect(call("GET", "/projects"), 25, { discard: true })
        assert.deepStrictEqual(
          (yield* control.requestLog).map(({ number }) => number),
          [16, 17, 18, 19, 20, 21, 22, 23, 24, 25]
        )
        assert.strictEqual(yield* control.requestCount("GET /projects"), 25)
      },
      Effect.provide(Simulator.layerWith({ requestLogSize: 10 }))
    )
  )
  it.effect(
    "the length of what a request may leave in it",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      yield* call("GET", `/projects?q=${"x".repeat(10_000)}`)
      assert.isTrue(((yield* control.requestLog)[0]?.path.length ?? 0) <= 2_000)
    }, Effect.provide(Simulator.layer))
  )
  it.effect(
    "no log at all with size 0",
    Effect.fnUntraced(
      function* () {
        const { control } = yield* Simulator
        yield* call("GET", "/projects")
        assert.deepStrictEqual(yield* control.requestLog, [])
        assert.strictEqual(yield* control.requestCount(), 1)
      },
      Effect.provide(Simulator.layerWith({ requestLogSize: 0 }))
    )
  )
  it.effect(
    "tokens by their capacity: the oldest end early",
    Effect.fnUntraced(
      function* () {
        const { control } = yield* Simulator
        const tokens = yield* Effect.replicateEffect(exchange(), 7)
        assert.strictEqual((yield* control.tokens).length, 5)
        const status = yield* Effect.forEach(tokens, (token) =>
          Effect.map(call("GET", "/projects", token), (_) => _.status)
        )
        assert.deepStrictEqual(status, [403, 403, 200, 200, 200, 200, 200])
      },
      Effect.provide(Simulator.layerWith({ tokenCapacity: 5 }))
    )
  )
  it.effect(
    "tokens by time: an hour after their end they are forgotten",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      yield* Effect.replicateEffect(exchange(), 7)
      yield* TestClock.adjust("3 hours")
      yield* exchange()
      assert.strictEqual((yield* control.tokens).length, 1)
    }, Effect.provide(Simulator.layer))
  )
})

describe("two simulators", () => {
  it.effect(
    "share nothing",
    Effect.fnUntraced(function* () {
      const build = (seed: number) => Effect.map(Layer.build(Simulator.layerWith({ seed })), (context) => context)
      const [one, other] = [yield* build(1), yield* build(2)]
      const token = yield* Effect.provide(exchange(), one)
      const jwt = yield* Effect.provide(appJwt(), one)
      assert.strictEqual((yield* Effect.provide(call("GET", "/projects", token), other)).status, 403)
      assert.strictEqual((yield* Effect.provide(call("GET", "/app/installations", jwt), other)).status, 401)
      const { control } = yield* Effect.provide(Simulator, other)
      assert.strictEqual(yield* control.requestCount(), 2)
    })
  )
})
