/** A finish: what is sent, and what its answer or refusal says. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { buyer, creditId, makeFake, provide, sent, sentBy } from "./support/fake.ts"
import { isFinish, options, reserve, retire, warehouse, withFault } from "./support/finishes.ts"

describe("finishing a reservation", () => {
  it.effect("sends the receiver and what the certificate is to say, once", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const finished = yield* retire
      assert.strictEqual(finished.knownBy, "answer")
      assert.strictEqual(finished.action, "transfer_retire")
      assert.deepStrictEqual(sent(fake).slice(1), [
        `POST /organizations/seller-organization/warehouse/inventory/reservations/r-1/transfer_retire {"receiverId":"buyer-organization","retirementData":{"reason":"Voluntary purposes","beneficiaryName":"Jane Doe","comment":"Order 1"}}`
      ])
      assert.deepStrictEqual(fake.finished, ["r-1 transfer_retire"])
    }).pipe(provide(fake))
  })

  it.effect("sends no data with a transfer", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      yield* finish("transfer", yield* reserve, { receiverId: buyer })
      assert.match(sent(fake)[1] ?? "", /\/transfer \{"receiverId":"buyer-organization"\}$/)
    }).pipe(provide(fake))
  })

  it("demands by its types what the registry demands together", () => {
    const program = Effect.gen(function* () {
      const { finish: complete, reserve: hold } = yield* warehouse
      const reservation = yield* hold({ creditId, amount: "0.5" })
      // @ts-expect-error a retirement without data
      yield* complete("retire", reservation, { receiverId: buyer })
      // @ts-expect-error a transfer with data
      yield* complete("transfer", reservation, options)
      // @ts-expect-error not documented
      yield* complete("cancel", reservation, options)
      // @ts-expect-error no receiver
      yield* complete("transfer", reservation, {})
      // @ts-expect-error a number has lost its digits
      yield* hold({ creditId, amount: 0.5 })
    })
    assert.isTrue(Effect.isEffect(program))
  })

  it.effect("is not sent when the hold is over by the registry's clock", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const reservation = yield* reserve
      yield* TestClock.adjust("10 minutes")
      const { finish } = yield* warehouse
      const error = yield* Effect.flip(finish("transfer_retire", reservation, options))
      assert.strictEqual(error._tag, "ReservationExpired")
      assert.include(error.message, "this call sent nothing")
      assert.strictEqual(sentBy(fake, "POST").length, 1)
    }).pipe(provide(fake))
  })

  it.effect("is not sent for a complete reservation, nor without a beneficiary", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish, reservation: read } = yield* warehouse
      const held = yield* reserve
      const blank = { receiverId: buyer, retirementData: { reason: "Testing", beneficiaryName: " " } }
      const nobody = yield* Effect.flip(finish("retire", held, blank))
      assert.strictEqual(nobody._tag === "IcrError" && nobody.reason._tag, "InvalidRequest")
      yield* finish("retire", held, options)
      const again = yield* Effect.flip(finish("retire", yield* read(held.id), options))
      assert.strictEqual(again._tag, "ReservationComplete")
      assert.strictEqual(sentBy(fake, "POST").length, 2)
    }).pipe(provide(fake))
  })

  it.effect("is certainly not done when the registry refuses it", () => {
    const fake = withFault({ status: 422, body: { statusCode: 422, message: "unknown receiver", error: "" } })
    return Effect.gen(function* () {
      const error = yield* Effect.flip(retire)
      assert.strictEqual(error._tag === "IcrError" && error.reason._tag, "BadRequest")
      assert.strictEqual(error._tag === "IcrError" && error.mayHaveHappened, false)
    }).pipe(provide(fake))
  })

  it.effect("is told from the one before it when the registry refuses it, as after a restart", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      const held = yield* reserve
      yield* finish("transfer_retire", held, options)
      const error = yield* Effect.flip(finish("transfer_retire", held, options))
      assert.isTrue(error._tag === "ReservationComplete" && error.reservation.isComplete)
      assert.deepStrictEqual(fake.finished, ["r-1 transfer_retire"])
    }).pipe(provide(fake))
  })

  it.effect("is uncertain when it is refused and nothing tells whether it was done before", () => {
    const fake = makeFake()
    fake.fault = (request) =>
      isFinish(request) ? { status: 409, body: {} } : request.method === "GET" ? "before" : undefined
    return Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(retire))._tag, "FinishUncertain")
    }).pipe(provide(fake))
  })

  it.effect("needs no body in the answer", () =>
    Effect.forEach(["emptyBody", "strangeBody"] as const, (fault) =>
      Effect.map(retire, ({ knownBy }) => assert.strictEqual(knownBy, "answer")).pipe(provide(withFault(fault)))
    )
  )
})
