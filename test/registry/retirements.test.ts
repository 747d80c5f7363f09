import { type FindRetirementOptions, Finished, Reservation, type Retirement } from "@effect-icr/registry"
import { Registry } from "@effect-icr/registry/Registry"
import * as Serial from "@effect-icr/registry/domain/Serial"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { buyer, creditId, makeFake, registryLayer, seller } from "./support/fake.ts"

const serialization = "ICR-ISL-354-78040-14-R-0-2021"
const wanted = {
  id: "1",
  amount: 0.5,
  beneficiary: "Jane Doe",
  reason: "Testing",
  comment: "Order 1",
  serialization,
  createdAt: "2024-06-18T10:03:00Z"
}

const reservation = Schema.decodeUnknownSync(Reservation)({
  id: "r-1",
  creditId: creditId,
  amount: "0.5",
  serialization,
  createdAt: "2024-06-18T10:00:00Z",
  reservedToDate: "2024-06-18T10:10:00Z",
  isComplete: true
})
const finished = new Finished({
  reservation,
  action: "transfer_retire",
  receiverId: buyer,
  retirementData: Option.some({ reason: "Testing", beneficiaryName: "Jane Doe", comment: "Order 1" }),
  knownBy: "answer"
})

/** What the seller has retired, and what the public list shows. */
const finding = (own: ReadonlyArray<unknown>, all: ReadonlyArray<unknown>, what: Finished = finished) => {
  const fake = makeFake()
  fake.answer = ({ path }) => ({
    body: { retirements: path.startsWith("/organizations") ? own : path.includes("skip=0&") ? all : [] }
  })
  return Effect.flatMap(Registry, (registry) => registry.organization(seller).warehouse.findRetirement(what)).pipe(
    Effect.map(Option.flatMap(({ id }: Retirement) => id)),
    Effect.map(Option.getOrUndefined),
    Effect.provide(registryLayer(fake))
  )
}

describe("the retirement of a finish", () => {
  it.effect("is the only one that matches: among the organization's own, else in the public list", () =>
    Effect.gen(function* () {
      const { createdAt: _, ...undated } = wanted
      assert.strictEqual(yield* finding([{ ...wanted, comment: "Order 2" }, undated], []), "1")
      assert.strictEqual(yield* finding([], [{ ...wanted, comment: null }, wanted]), "1")
    })
  )

  it.effect("is none where two match", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* finding([wanted, { ...wanted, id: "2" }], [wanted]))
      assert.isUndefined(yield* finding([], [wanted, { ...wanted, id: "2" }]))
    })
  )

  it.effect("is none that differs in anything, or was made before", () =>
    Effect.forEach(
      [
        { amount: 0.51 },
        { beneficiary: "John Doe" },
        { reason: "Other" },
        { comment: null },
        { serialization: "ICR-ISL-354-78040-14-R-0-2022" },
        { createdAt: "2024-06-18T09:59:54Z" }
      ],
      (other) => Effect.map(finding([], [{ ...wanted, ...other }]), (found) => assert.isUndefined(found))
    )
  )

  it.effect("is looked for among the first 500 of the public list, or as many as the program says", () => {
    const other = (index: number) => ({ ...wanted, id: `other-${index}`, comment: `Order 2${index}` })
    const all = [...Array.from({ length: 500 }, (_, index) => other(index)), wanted]
    const finding = (options?: FindRetirementOptions) => {
      const fake = makeFake()
      fake.answer = ({ path }) => {
        const skip = Number(/skip=(\d+)/.exec(path)?.[1] ?? 0)
        return { body: { retirements: path.startsWith("/organizations") ? [] : all.slice(skip, skip + 50) } }
      }
      return Effect.flatMap(Registry, (registry) =>
        registry.organization(seller).warehouse.findRetirement(finished, options)
      ).pipe(
        Effect.map((found) => ({ isFound: Option.isSome(found), requests: fake.seen.length })),
        Effect.provide(registryLayer(fake))
      )
    }
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* finding(), { isFound: false, requests: 11 })
      assert.isTrue((yield* finding({ among: 501 })).isFound)
      assert.deepStrictEqual(yield* finding({ among: 0 }), { isFound: false, requests: 1 })
      for (const among of [-1, 0.5, Number.NaN]) {
        const { reason } = yield* Effect.flip(finding({ among }))
        assert.strictEqual(reason._tag, "InvalidRequest")
      }
    })
  })

  it.effect("is none of a transfer", () =>
    Effect.gen(function* () {
      const transfer = new Finished({ ...finished, action: "transfer", retirementData: Option.none() })
      assert.isUndefined(yield* finding([wanted], [wanted], transfer))
    })
  )
})

describe("serials", () => {
  it("give the project's number and the vintage, by a heuristic", () => {
    assert.deepStrictEqual(
      Serial.parse(serialization),
      Option.some({
        registry: "ICR",
        country: "ISL",
        projectNumber: "78040",
        vintage: "2021",
        parts: ["ICR", "ISL", "354", "78040", "14", "R", "0", "2021"]
      })
    )
  })

  it("of another form are none", () => {
    for (const other of [
      "",
      "serialization",
      "ICR",
      "ICR-ISL-354-78040",
      "ICR-ISL-354-x-14-R-0-2021",
      "ICR-ISL-354-78040-14-R-0-21"
    ]) {
      assert.isTrue(Option.isNone(Serial.parse(other)), other)
    }
    assert.isTrue(Option.isSome(Serial.parse(` ${serialization}\n`)))
  })
})
