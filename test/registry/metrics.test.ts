import { Registry } from "@effect-icr/registry/Registry"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { TestClock } from "effect/testing"
import { buyer, creditId, type Fake, makeFake, registryLayer, seller } from "./support/fake.ts"
import { failsWithin } from "./support/time.ts"

const warehouse = Effect.map(Registry, (registry) => registry.organization(seller).warehouse)
const options = { creditId, amount: "0.5" } as const
const retirement = { receiverId: buyer, retirementData: { reason: "Testing", beneficiaryName: "Jane Doe" } }
const reserve = Effect.flatMap(warehouse, (warehouse) => warehouse.reserve(options))

/** What a metric has counted: a number, or of a histogram how many lie in each bucket that is not empty, and their sum. */
const counted = Effect.fnUntraced(function* (id: string) {
  const state = (yield* Metric.snapshot).find((metric) => metric.id === `icr_reservation_${id}`)?.state
  if (state === undefined) return 0
  if ("buckets" in state) {
    let before = 0
    const buckets = state.buckets.flatMap(([limit, upTo]) => {
      const own = upTo - before
      before = upTo
      return own === 0 ? [] : [[limit, own]]
    })
    return { buckets, sum: state.sum }
  }
  return "count" in state ? Number(state.count) : "value" in state ? Number(state.value) : undefined
})

const run = <A, E>(fake: Fake, program: Effect.Effect<A, E, Registry>) =>
  program.pipe(Effect.provide(registryLayer(fake)), Effect.provideService(Metric.MetricRegistry, new Map()))

describe("metrics of reservations", () => {
  it.effect("count what becomes of them", () => {
    const fake = makeFake()
    return run(
      fake,
      Effect.gen(function* () {
        const { finish, release } = yield* warehouse
        yield* finish("transfer_retire", yield* reserve, retirement)
        yield* release((yield* reserve).id)
        fake.fault = ({ method, path }) => (method === "POST" && path.endsWith("retire") ? "before" : undefined)
        yield* failsWithin(finish("transfer_retire", yield* reserve, retirement), "1 minute")
        fake.fault = ({ method }) => (method === "POST" ? "after" : undefined)
        yield* failsWithin(reserve, "1 minute")
        for (const [name, times] of [
          ["reserved", 3],
          ["finished", 1],
          ["released", 1],
          ["finish_uncertain", 1],
          ["reserve_uncertain", 1]
        ] as const) {
          assert.strictEqual(yield* counted(name), times, name)
        }
      })
    )
  })

  it.effect("count a finish once, whatever is called about it afterwards", () => {
    const fake = makeFake()
    return run(
      fake,
      Effect.gen(function* () {
        const { finish, resolve } = yield* warehouse
        const held = yield* reserve
        yield* finish("transfer_retire", held, retirement)
        yield* Effect.flip(finish("transfer_retire", held, retirement))
        assert.strictEqual(yield* counted("finished"), 1)
        fake.fault = ({ method, path }) =>
          method === "POST" && path.endsWith("retire") ? { later: 20_000 } : undefined
        const uncertain = yield* failsWithin(finish("transfer_retire", yield* reserve, retirement), "1 minute")
        if (uncertain._tag !== "FinishUncertain") return assert.fail(uncertain._tag)
        yield* resolve(uncertain)
        yield* resolve(uncertain)
        assert.deepStrictEqual([yield* counted("finished"), yield* counted("finish_uncertain")], [1, 1])
      })
    )
  })

  it.effect("tell how many are held now by all layers together", () => {
    const fake = makeFake()
    const other = Effect.provide(
      Effect.flatMap(warehouse, ({ withReservation }) => withReservation(options, () => counted("open"))),
      Layer.fresh(registryLayer(fake))
    )
    return run(
      fake,
      Effect.gen(function* () {
        const { withReservation } = yield* warehouse
        assert.deepStrictEqual(yield* withReservation(options, () => Effect.all([other, counted("open")])), [2, 1])
        assert.strictEqual(yield* counted("open"), 0)
      })
    )
  })

  it.effect("tell how many are held now", () =>
    run(
      makeFake(),
      Effect.gen(function* () {
        const { withReservation } = yield* warehouse
        const two = withReservation(options, () => withReservation(options, () => counted("open")))
        assert.strictEqual(yield* two, 2)
        assert.strictEqual(yield* counted("open"), 0)
      })
    )
  )

  it.effect("tell what was left of a hold when its finish was sent, by the registry's clock", () =>
    run(
      makeFake(),
      Effect.gen(function* () {
        const { finish } = yield* warehouse
        yield* finish("transfer_retire", yield* reserve, retirement)
        const late = yield* reserve
        const over = yield* reserve
        yield* TestClock.adjust("590 seconds")
        yield* finish("transfer_retire", late, retirement)
        assert.deepStrictEqual(yield* counted("time_left_seconds"), {
          buckets: [
            [15, 1],
            [600, 1]
          ],
          sum: 610
        })
        // Nothing is sent of a hold that is over, so nothing is observed.
        yield* TestClock.adjust("10 seconds")
        yield* Effect.flip(finish("transfer_retire", over, retirement))
        const { sum } = (yield* counted("time_left_seconds")) as { readonly sum: number }
        assert.strictEqual(sum, 610)
      })
    )
  )
})
