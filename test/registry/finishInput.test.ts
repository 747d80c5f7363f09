/** What a finish is given, where it has more members, or other values, than its types say. */
import { IcrError } from "@effect-icr/app/IcrError"
import { Registry } from "@effect-icr/registry/Registry"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { FinishUncertain, ReserveUncertain } from "@effect-icr/registry/Uncertain"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Cause, Effect, Exit, Option, Schema } from "effect"
import { buyer, creditId, makeFake, registryLayer, seller, sent, sentBy } from "./support/fake.ts"
import { exitWithin, failsWithin } from "./support/time.ts"

// oxlint-disable-next-line typescript/no-explicit-any -- what a program without types calls
type Untyped = any

const retirementData = { reason: "Testing", beneficiaryName: "Jane Doe" }
const warehouse = Effect.map(Registry, (registry) => registry.organization(seller).warehouse)
const reserve = Effect.flatMap(warehouse, ({ reserve: hold }) => hold({ creditId, amount: "0.5" }))

const reasonOf = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return "success"
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  return error instanceof IcrError ? error.reason._tag : Cause.pretty(exit.cause)
}

describe("a finish", () => {
  it.effect("moves what it was given and in the way it was asked for, whatever else its options have", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      const [first, second] = [yield* reserve, yield* reserve]
      // Compiles, as of a variable: an object may have more members than its type.
      const options = { receiverId: buyer, action: "retire", reservation: second, isFree: true }
      const finished = yield* finish("transfer", first, options)
      assert.deepStrictEqual(fake.finished, [`${first.id} transfer`])
      assert.match(sent(fake).at(-1) ?? "", /\{"receiverId":"buyer-organization"\}$/)
      assert.deepStrictEqual([finished.action, finished.reservation.id], ["transfer", first.id])
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("sends the documented members of `retirementData`, and tells the same", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      const more = { ...retirementData, comment: "Order 1", pennies: 1n, inner: { of: undefined } }
      const finished = yield* finish("retire", yield* reserve, { receiverId: buyer, retirementData: more })
      const said = { ...retirementData, comment: "Order 1" }
      assert.deepStrictEqual(JSON.parse(sentBy(fake, "POST")[1]?.body ?? "").retirementData, said)
      assert.deepStrictEqual(finished.retirementData, Option.some(said))
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("takes an undefined comment for none, also where its answer gets lost", () => {
    const fake = makeFake()
    // Compiles without `exactOptionalPropertyTypes`.
    const data: Untyped = { ...retirementData, comment: undefined }
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      const finished = yield* finish("retire", yield* reserve, { receiverId: buyer, retirementData: data })
      assert.deepStrictEqual(finished.retirementData, Option.some(retirementData))
      fake.fault = ({ path }) => (path.endsWith("/retire") ? "before" : undefined)
      const error = yield* failsWithin(
        finish("retire", yield* reserve, { receiverId: buyer, retirementData: data }),
        "1 minute"
      )
      assert.isTrue(error._tag === "FinishUncertain" && Option.isSome(error.retirementData))
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("is refused before it is sent where an outcome could not be told of what it is given", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      const held = yield* reserve
      const options = { receiverId: buyer, retirementData }
      const forged = { ...held.amount, decimal: "0.5" }
      const reservations: ReadonlyArray<Untyped> = [
        { id: held.id, reservedToDate: held.reservedToDate },
        JSON.parse(JSON.stringify(held)),
        { ...held, amount: "0.5" },
        { ...held, amount: forged },
        { ...held, serialization: undefined },
        { ...held, isComplete: "no" }
      ]
      for (const reservation of reservations) {
        assert.strictEqual(reasonOf(yield* Effect.exit(finish("retire", reservation, options))), "InvalidRequest")
      }
      for (const comment of [null, 7, {}, 1n] as ReadonlyArray<Untyped>) {
        const wrong = { receiverId: buyer, retirementData: { ...retirementData, comment } }
        assert.strictEqual(reasonOf(yield* Effect.exit(finish("retire", held, wrong))), "InvalidRequest")
      }
      assert.lengthOf(sentBy(fake, "POST"), 1)
    }).pipe(Effect.provide(registryLayer(fake)))
  })
})

describe("resolving", () => {
  const uncertainOf = Effect.gen(function* () {
    const { finish } = yield* warehouse
    const error = yield* failsWithin(
      finish("retire", yield* reserve, { receiverId: buyer, retirementData }),
      "1 minute"
    )
    return error._tag === "FinishUncertain" ? error : yield* Effect.die(error)
  })

  it.effect("refuses what is no uncertain write, the JSON of one, and one of another installation", () => {
    const fake = makeFake()
    fake.fault = ({ path }) => (path.endsWith("/retire") ? "before" : undefined)
    return Effect.gen(function* () {
      const uncertain = yield* uncertainOf
      const json = yield* Schema.encodeEffect(Schema.toCodecJson(FinishUncertain))(uncertain)
      const { resolve } = yield* warehouse
      const requests = fake.seen.length
      for (const value of [undefined, null, 7, {}, { _tag: "FinishUncertain" }, json] as ReadonlyArray<Untyped>) {
        assert.strictEqual(reasonOf(yield* Effect.exit(resolve(value))), "InvalidRequest")
      }
      const elsewhere = (yield* Registry).organization("other" as typeof seller).warehouse
      assert.strictEqual(reasonOf(yield* Effect.exit(elsewhere.resolve(uncertain))), "InvalidRequest")
      assert.lengthOf(fake.seen, requests)
    }).pipe(Effect.provide(registryLayer(fake, { fence: false })))
  })

  it.effect("keeps what an uncertain reserve says, and nothing else", () => {
    const fake = makeFake()
    fake.fault = ({ method }) => (method === "POST" ? "after" : undefined)
    return Effect.gen(function* () {
      const uncertain = yield* failsWithin(reserve, "1 minute")
      if (uncertain._tag !== "ReserveUncertain") return assert.fail(uncertain._tag)
      const { resolve } = yield* warehouse
      const again = yield* Effect.flip(resolve(uncertain))
      assert.instanceOf(again, ReserveUncertain)
      assert.deepStrictEqual(again._tag === "ReserveUncertain" && again.found.map(({ id }) => String(id)), ["r-1"])
    }).pipe(Effect.provide(registryLayer(fake)))
  })
})

describe("a reserve", () => {
  it.effect("is refused for an amount that only looks like one", () => {
    const fake = makeFake()
    const half = Tonnes.make("0.5")
    const forged: ReadonlyArray<Untyped> = [
      Object.assign(Object.create(Object.getPrototypeOf(half)), { decimal: undefined }),
      { ...half, decimal: { ...BigDecimal.make(5n, 1), value: "5" } },
      { ...BigDecimal.make(5n, 1), scale: "1" },
      { ...BigDecimal.make(5n, 1), value: 5 }
    ]
    return Effect.gen(function* () {
      const { reserve: hold } = yield* warehouse
      for (const amount of forged) {
        assert.strictEqual(reasonOf(yield* exitWithin(hold({ creditId, amount }), 0)), "InvalidRequest")
      }
      assert.lengthOf(fake.seen, 0)
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("is not asked for holdings with a switch that is neither true nor false", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { creditsWith } = yield* warehouse
      for (const development of ["false", 1, null] as ReadonlyArray<Untyped>) {
        assert.strictEqual(reasonOf(yield* Effect.exit(creditsWith({ development }))), "InvalidRequest")
      }
      assert.lengthOf(fake.seen, 0)
    }).pipe(Effect.provide(registryLayer(fake)))
  })
})
