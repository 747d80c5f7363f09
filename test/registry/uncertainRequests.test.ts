import { CreditId, RequestUncertain, type RetirementData } from "@effect-icr/registry"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import { addRequest, buyer, creditId, provide, retirementData, sentBy } from "./support/fake.ts"
import { inventory, transfer, withFault } from "./support/requests.ts"
import { failsWithin, within } from "./support/time.ts"

describe("a request that the list may show otherwise than it was sent", () => {
  const fullOf = (comment: string) => ({ ...retirementData, comment })
  /** A retirement that got lost while the list shows this of it. */
  const shown = (
    amount: Tonnes.Input,
    comment: string,
    list: { readonly amount?: string; readonly comment?: string; readonly action?: string }
  ) => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      addRequest(fake, {
        createdAt: 61_000,
        amount: Tonnes.make(list.amount === undefined ? amount : (list.amount as `${number}`)),
        fields: {
          action: list.action ?? "retire",
          creditId,
          toOrganizationId: buyer,
          retirementComment: list.comment ?? comment
        }
      })
      const { request, resolve } = yield* inventory
      const error = yield* failsWithin(
        request("retire", { creditId, amount, toOrganizationId: buyer, retirementData: fullOf(comment) }),
        "1 minute"
      )
      if (error._tag === "IcrError") return error._tag
      // Nor is it certain later on.
      yield* TestClock.adjust("1 minute")
      const resolved = yield* Effect.flip(resolve(error))
      assert.strictEqual(resolved._tag === "RequestUncertain" && resolved.found.length, 1)
      return `uncertain, ${error.found.length} found`
    }).pipe(provide(fake))
  }

  for (const [how, outcome] of [
    ["a rounded amount", shown("0.1234", "Order 1", { amount: "0.123" })],
    ["an amount rounded up to a whole one", shown("0.6", "Order 1", { amount: "1" })],
    ["the double of 18 digits", shown("123456.123456789012345678", "Order 1", { amount: "123456.12345678901" })],
    ["quite another amount, such as kilograms", shown("0.5", "Order 1", { amount: "500" })],
    ["a trimmed comment", shown("0.5", "Order 1 ", { comment: "Order 1" })],
    ["a comment that was cut", shown("0.5", "Order 1 of Jane Doe", { comment: "Order 1 of" })],
    ["an action in other words", shown("0.5", "Order 1", { action: "retirement" })]
  ] as const) {
    it.effect(`stays uncertain, with what was found: ${how}`, () =>
      Effect.map(outcome, (said) => assert.strictEqual(said, "uncertain, 1 found"))
    )
  }

  it.effect("is found all the same where the registry said yes and only one of the new ones is the very same", () => {
    const fake = withFault("emptyBody")
    return Effect.gen(function* () {
      addRequest(fake, { createdAt: 0, amount: Tonnes.make("0.51") })
      assert.strictEqual((yield* within(transfer, "1 minute")).id, "q-2")
    }).pipe(provide(fake))
  })

  it.effect("stays uncertain where the registry said yes and only one that is nearly the same is there", () => {
    const fake = withFault({ status: 201 })
    return Effect.gen(function* () {
      addRequest(fake, { createdAt: 0, amount: Tonnes.make("0.51") })
      const error = yield* failsWithin(transfer, "1 minute")
      assert.strictEqual(error._tag === "RequestUncertain" && error.found.length, 1)
    }).pipe(provide(fake))
  })
})

describe("a list of requests that does not end", () => {
  const pageOf = (number: number, length = 50) => ({
    body: {
      pagination: {},
      creditRequests: Array.from({ length }, (_, index) => ({
        id: `${number}-${index}`,
        action: "transfer",
        amount: "7",
        createdAt: "1970-01-01T00:00:00Z",
        creditId: "exPost-3-0x1"
      }))
    }
  })
  const endless = (answer: (page: number) => ReturnType<typeof pageOf>) => {
    const fake = withFault("before")
    fake.answer = ({ method, path }) =>
      method === "GET" ? answer(Number(new URLSearchParams(path.split("?")[1]).get("page"))) : undefined
    return fake
  }

  for (const [which, length] of [
    ["full", 50],
    ["short", 3]
  ] as const) {
    it.effect(`since each page is the same (${which}), leaves the request uncertain after two pages a look`, () => {
      const fake = endless(() => pageOf(0, length))
      return Effect.gen(function* () {
        const error = yield* failsWithin(transfer, "1 minute")
        assert.strictEqual(error._tag, "RequestUncertain")
        assert.strictEqual(sentBy(fake, "GET").length, 10)
        const { resolve } = yield* inventory
        if (error._tag === "RequestUncertain") yield* Effect.flip(resolve(error))
        assert.strictEqual(sentBy(fake, "GET").length, 12)
      }).pipe(provide(fake))
    })
  }

  it.effect("since each page is a new one, leaves the request uncertain after 1,000 pages a look", () => {
    const fake = endless((page) => pageOf(page, 1))
    return Effect.gen(function* () {
      assert.strictEqual((yield* failsWithin(transfer, "1 minute"))._tag, "RequestUncertain")
      assert.strictEqual(sentBy(fake, "GET").length, 5000)
    }).pipe(provide(fake))
  })

  it.effect("still tells what was found", () => {
    const fake = endless(() => pageOf(0, 1))
    return Effect.gen(function* () {
      const { request } = yield* inventory
      const error = yield* failsWithin(
        request("transfer", { creditId: CreditId.make("exPost-3-0x1"), amount: "7", toOrganizationId: buyer }),
        "1 minute"
      )
      assert.deepStrictEqual(error._tag === "RequestUncertain" && error.found.map(({ id }): string => id), ["0-0"])
    }).pipe(provide(fake))
  })
})

describe("a request that got lost, of a program without types or with loose ones", () => {
  it.effect("is uncertain where its comment is undefined, which is none, and survives as JSON", () => {
    const fake = withFault("after")
    return Effect.gen(function* () {
      const { request } = yield* inventory
      const loose = { ...retirementData, comment: undefined } as unknown as RetirementData
      const error = yield* failsWithin(
        request("retire", { creditId, amount: "0.5", toOrganizationId: buyer, retirementData: loose }),
        "1 minute"
      )
      if (error._tag !== "RequestUncertain") return assert.fail(error._tag)
      assert.strictEqual(error.found.length, 1)
      yield* Schema.encodeEffect(Schema.fromJsonString(Schema.toCodecJson(RequestUncertain)))(error)
    }).pipe(provide(fake))
  })

  it.effect("is uncertain where more was given than was asked for: a second receiver, members that are no JSON", () => {
    const fake = withFault("after")
    return Effect.gen(function* () {
      const { request } = yield* inventory
      const options = {
        creditId,
        amount: "0.5",
        toOrganizationId: buyer,
        toAddress: 7,
        retirementData: { ...retirementData, number: 1n }
      }
      const error = yield* failsWithin(
        Effect.suspend(() => request("retire", options as never)),
        "1 minute"
      )
      assert.strictEqual(error._tag, "RequestUncertain")
      assert.notInclude(sentBy(fake, "POST")[0]?.body ?? "", "toAddress")
    }).pipe(provide(fake))
  })
})
