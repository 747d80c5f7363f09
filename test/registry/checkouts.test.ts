/**
 * Many checkouts at once while a third of all requests fail: none is retired twice, and what a call says is what was
 * done.
 */
import { makeMemory } from "@effect-icr/app/DeduplicationStore"
import { type FinishUncertain, ReservationClaims } from "@effect-icr/registry"
import { Registry, type Options } from "@effect-icr/registry/Registry"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { buyer, creditId, type Fake, type Fault, makeFake, registryLayer, seller } from "./support/fake.ts"

/** A sequence of numbers from 0 to 1, the same in every run. */
const sequence = (seed: number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const faults: ReadonlyArray<Fault> = ["before", "after", "resetBefore", "resetAfter", "emptyBody", { later: 60 }]

const faulty = (seed: number): Fake => {
  const fake = makeFake()
  const next = sequence(seed)
  fake.fault = ({ method }) => {
    if (next() > 0.3) return undefined
    const kinds = method === "POST" ? faults : faults.slice(0, 4)
    return kinds[Math.floor(next() * kinds.length)]
  }
  return fake
}

type Outcome =
  | { readonly said: "done" | "notDone" }
  | { readonly said: "reserveUncertain" }
  | { readonly said: "finishUncertain"; readonly uncertain: FinishUncertain }

/** An order's retirement carries its number in the comment, by which the registry is asked afterwards. */
const checkout = (order: number) =>
  Effect.gen(function* () {
    const { warehouse } = (yield* Registry).organization(seller)
    const reservation = yield* warehouse.reserve({ creditId, amount: "0.5" })
    return yield* warehouse.finish("transfer_retire", reservation, {
      receiverId: buyer,
      retirementData: { reason: "Testing", beneficiaryName: "Jane Doe", comment: `Order ${order}` }
    })
  }).pipe(
    Effect.as<Outcome>({ said: "done" }),
    Effect.catchTags({
      IcrError: () => Effect.succeed<Outcome>({ said: "notDone" }),
      ReservationExpired: () => Effect.succeed<Outcome>({ said: "notDone" }),
      // A reservation is one order's here: its finish was done, or the test fails.
      ReservationComplete: () => Effect.succeed<Outcome>({ said: "done" }),
      ReserveUncertain: () => Effect.succeed<Outcome>({ said: "reserveUncertain" }),
      FinishUncertain: (uncertain) => Effect.succeed<Outcome>({ said: "finishUncertain", uncertain })
    })
  )

/** How often the retirement of each order was done, by what the registry saw. */
const doneByOrder = (fake: Fake) => {
  const done = new Set(fake.finished.map((line) => line.split(" ")[0]))
  const counts = new Map<number, number>()
  const finishes = new Map<string, number>()
  for (const { body, method, path } of fake.seen) {
    const [, id] = /reservations\/([^/]+)\/transfer_retire$/.exec(path) ?? []
    const [, order] = /Order (\d+)/.exec(body) ?? []
    if (method !== "POST" || id === undefined || order === undefined) continue
    finishes.set(id, (finishes.get(id) ?? 0) + 1)
    if (done.has(id)) counts.set(Number(order), (counts.get(Number(order)) ?? 0) + 1)
  }
  return { counts, finishes }
}

const orders = Array.from({ length: 300 }, (_, order) => order)

const run = Effect.fnUntraced(function* (fake: Fake, layers: ReadonlyArray<Layer.Layer<Registry, unknown>>) {
  const services = yield* Effect.forEach(layers, (layer) => Layer.build(layer))
  yield* TestClock.adjust("1 minute")
  const [first] = services
  if (first === undefined) return yield* Effect.die("no process")
  const all = Effect.forEach(
    orders,
    (order) => Effect.provideContext(checkout(order), services[order % services.length] ?? first),
    { concurrency: 64 }
  )
  const fiber = yield* Effect.forkChild(all, { startImmediately: true })
  yield* TestClock.adjust("1 minute")
  const outcomes = yield* Fiber.join(fiber)
  const { counts, finishes } = doneByOrder(fake)

  assert.isTrue(
    [...finishes.values()].every((times) => times === 1),
    "a reservation is finished by one order only"
  )
  assert.isTrue(
    [...counts.values()].every((times) => times === 1),
    "no order is retired twice"
  )
  outcomes.forEach(({ said }, order) => {
    if (said === "done") assert.strictEqual(counts.get(order), 1, `order ${order} was told it was done`)
    if (said === "notDone" || said === "reserveUncertain") {
      assert.isUndefined(counts.get(order), `order ${order} was told it was not done`)
    }
  })

  // Once the holds are over, every uncertain finish can be known.
  yield* TestClock.adjust("10 minutes")
  fake.fault = () => undefined
  for (const [order, outcome] of outcomes.entries()) {
    if (outcome.said !== "finishUncertain") continue
    const resolved = yield* Effect.flatMap(Registry, (registry) =>
      registry.organization(outcome.uncertain.installationId).warehouse.resolve(outcome.uncertain)
    ).pipe(Effect.exit, Effect.provideContext(first))
    assert.strictEqual(resolved._tag === "Success", counts.get(order) === 1, `order ${order}, resolved`)
    assert.notInclude(String(resolved), "FinishUncertain")
  }
  const count = (what: Outcome["said"]) => outcomes.filter(({ said }) => said === what).length
  return {
    done: count("done"),
    notDone: count("notDone"),
    finish: count("finishUncertain"),
    reserve: count("reserveUncertain")
  }
})

const quietPeriod = "200 millis"

describe("300 checkouts, 64 at a time, 30 % faults", () => {
  for (const [name, options] of [
    ["by default", {}],
    ["as the sole process", { soleProcess: true }],
    ["as the sole process, with a fence", { soleProcess: true, fence: true }]
  ] as const satisfies ReadonlyArray<readonly [string, Options]>) {
    it.effect(`in one process ${name}: each order exactly once or not at all`, () => {
      const fake = faulty(1)
      return Effect.gen(function* () {
        const figures = yield* run(fake, [registryLayer(fake, { quietPeriod, ...options })])
        assert.isAbove(figures.done, 80)
      })
    })
  }

  it.effect("in two processes with shared claims: each order exactly once or not at all", () => {
    const fake = faulty(2)
    return Effect.gen(function* () {
      const claims = Layer.succeed(ReservationClaims, yield* makeMemory())
      const process = () => registryLayer(fake, { quietPeriod }).pipe(Layer.provide(claims), Layer.fresh)
      const figures = yield* run(fake, [process(), process()])
      assert.isAbove(figures.done, 80)
    })
  })
})
