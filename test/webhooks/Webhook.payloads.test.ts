/** What becomes of a signed text: the event, or where it is wrong. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { delivery, observed, printed, printedTransaction } from "./support/deliveries.ts"
import { outcome, receiver, verify } from "./support/receiver.ts"

describe("Webhook.verify", () => {
  it.effect("decodes the printed payload", () =>
    Effect.gen(function* () {
      const event = yield* verify(delivery(printed()))
      assert.strictEqual(event._tag, "Installed")
      if (event._tag !== "Installed") return
      assert.strictEqual(event.installation.id, "1")
      const organization = Option.getOrThrow(event.installation.organization)
      assert.strictEqual(organization.displayName, "Organization 1")
      assert.deepStrictEqual(Option.getOrThrow(event.installation.permissions), {
        organization_info: "VIEW",
        organization_inventory: "REQUEST"
      })
      assert.strictEqual(Option.getOrThrow(Option.getOrThrow(event.sender).email), "admin@example.com")
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("decodes the payload that was really seen", () =>
    Effect.gen(function* () {
      const event = yield* verify(delivery(observed))
      assert.strictEqual(event._tag, "Uninstalled")
      if (event._tag !== "Uninstalled") return
      const organization = Option.getOrThrow(event.installation.organization)
      assert.strictEqual(organization.displayName, "A Developer ehf. — Þróun 🌱")
      assert.isTrue(Option.isNone(organization.city))
      assert.deepStrictEqual(organization.organizationIndustries, [])
      assert.isTrue(Option.isNone(Option.getOrThrow(event.sender).profilePicture))
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("decodes transactions in any case, and without a transaction or a sender", () =>
    Effect.gen(function* () {
      const { transaction, ...rest } = printedTransaction("organizationTransaction")
      const loud = { ...rest, sender: null, transaction: { ...transaction, status: "PENDING_QUEUE", type: "Retire" } }
      const event = yield* verify(delivery(loud))
      if (event._tag !== "OrganizationTransaction") return assert.fail(event._tag)
      const decoded = Option.getOrThrow(event.transaction)
      assert.deepStrictEqual(
        [decoded.status, decoded.type, decoded.amount],
        [Option.some("pending_queue"), Option.some("retire"), Option.some(1.5)]
      )
      assert.isTrue(Option.isNone(event.sender))
      const bare = yield* verify(delivery({ ...rest, sender: undefined }))
      assert.isTrue(bare._tag === "OrganizationTransaction" && Option.isNone(bare.transaction))
      const novel = yield* verify(delivery({ ...loud, transaction: { ...transaction, status: "Frozen" } }))
      assert.isTrue(
        novel._tag === "OrganizationTransaction" &&
          Option.contains(Option.getOrThrow(novel.transaction).status.pipe(Option.map(String)), "Frozen")
      )
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("loses no event over a part it can do without", () =>
    Effect.gen(function* () {
      const whole = printedTransaction()
      const { installation } = whole
      const { organization } = installation
      const of = Effect.fnUntraced(function* (payload: object) {
        const event = yield* verify(delivery(payload))
        return event._tag === "WarehouseTransaction" ? event : yield* Effect.die(`it became ${event._tag}`)
      })
      for (const sender of ["", [], {}, 7, { id: 7 }, { id: {}, email: 1 }]) yield* of({ ...whole, sender })
      for (const transaction of ["", [], {}, { status: "processed" }]) {
        assert.isTrue(Option.isNone((yield* of({ ...whole, transaction })).transaction))
      }
      for (const more of [
        { createdAt: "" },
        { updatedAt: 7 },
        { appId: 7 },
        { appNameId: [] },
        { permissions: { organization_info: 7 } },
        { permissions: "" },
        { permissions: [] },
        { organization: "" },
        { organization: {} },
        ...[{ id: 7 }, { isPublic: "true" }, { organizationIndustries: ["x", 7, { code: 1 }] }, { type: 1 }].map(
          (more) => ({
            organization: { ...organization, ...more }
          })
        )
      ]) {
        assert.strictEqual((yield* of({ ...whole, installation: { ...installation, ...more } })).installation.id, "1")
      }
      const event = yield* of({
        ...whole,
        sender: { id: 7, email: 1 },
        installation: { ...installation, id: 12, appId: 8, organization: { ...organization, id: 9, isPublic: "true" } },
        transaction: { ...whole.transaction, id: 10, amount: "1.5", status: 1 }
      })
      assert.strictEqual(event.installation.id, "12")
      assert.deepStrictEqual(event.installation.appId, Option.some("8"))
      const kept = yield* Effect.fromOption(event.installation.organization)
      assert.deepStrictEqual([kept.id, kept.isPublic, kept.displayName], ["9", Option.none(), "Organization 1"])
      const { amount, id, status } = yield* Effect.fromOption(event.transaction)
      assert.deepStrictEqual([id, amount, status], ["10", Option.some(1.5), Option.none()])
      const { email, id: by } = yield* Effect.fromOption(event.sender)
      assert.deepStrictEqual([by, email], [Option.some("7"), Option.none()])
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("keeps an event it does not know as it came", () =>
    Effect.gen(function* () {
      const payload = { event: "creditsFrozen", installation: 7, extra: { deep: [1, null] } }
      const event = yield* verify(delivery(payload))
      assert.strictEqual(event._tag, "Unknown")
      assert.deepStrictEqual(event._tag === "Unknown" && event.payload, payload)
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("reads the signed text and nothing else of the body", () =>
    Effect.gen(function* () {
      const given = delivery(printed("suspended"), { outer: { ...printed("installed"), event: "installed" } })
      assert.strictEqual(yield* outcome(given), "suspended")
      const bytes = new TextEncoder().encode(given.body)
      assert.strictEqual(yield* outcome({ ...given, body: bytes }), "suspended")
      // Nothing but `signedData` is needed.
      assert.strictEqual(
        yield* outcome({ ...given, body: JSON.stringify({ signedData: given.signedData }) }),
        "suspended"
      )
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("says where a signed event is wrong, without its values", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(verify(delivery({ event: "installed", installation: { id: "hidden/value" } })))
      assert.include(error.message, "installation.id")
      assert.notInclude(error.message, "hidden/value")
    }).pipe(Effect.provide(receiver()))
  )
})
