// @vitest-environment jsdom
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { hasTwoRealms, refusesAfterTheSignature, sealsAndOpens, signs } from "./support/realm.ts"

describe("under jsdom", () => {
  it("has a window, and bytes of two realms", () => {
    assert.strictEqual(typeof window, "object")
    assert.strictEqual(hasTwoRealms(), true)
  })

  it.effect("an app JWT is signed", () => Effect.map(signs, (isSigned) => assert.isTrue(isSigned)))

  it.effect("a webhook delivery gets past the signature", () =>
    Effect.map(refusesAfterTheSignature, (kind) => assert.strictEqual(kind, "unknownShape"))
  )

  it.effect("a token is sealed and opened", () =>
    Effect.map(sealsAndOpens, (opened) => assert.deepStrictEqual(opened, Option.some("v")))
  )
})
