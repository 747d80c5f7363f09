/** A state is good once, for one browser and one app, and is given back where nothing came of it. */
import { DeduplicationStoreError } from "@effect-icr/app/DeduplicationStore"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { InstallFlow } from "@effect-icr/webhooks/InstallFlow"
import { InstallStates } from "@effect-icr/webhooks/InstallStates"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Queue, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { begin, callback, first, flow, kindOf, refusalOf, session, stateSecret } from "./support/install.ts"

/** Tells that a claim was asked for. */
const asked = Effect.runSync(Queue.unbounded<true>())

describe("InstallFlow.verifyCallback", () => {
  it.effect("refuses a replay, and leaves the state of another flow alone", () =>
    Effect.gen(function* () {
      const { verifyCallback } = yield* InstallFlow
      const url = callback(yield* begin(), yield* first)
      const other = callback(yield* begin(), yield* first)
      yield* verifyCallback(url, { session })
      assert.strictEqual(yield* refusalOf(url), "stateReplayed")
      yield* TestClock.adjust("14 minutes")
      assert.strictEqual(yield* refusalOf(url), "stateReplayed")
      yield* verifyCallback(other, { session })
    }).pipe(Effect.provide(flow()))
  )

  it.effect("uses a state once when two callbacks come at the same moment", () =>
    Effect.gen(function* () {
      const { verifyCallback } = yield* InstallFlow
      const url = callback(yield* begin(), yield* first)
      const outcomes = yield* Effect.forEach(
        Array.from({ length: 8 }),
        () => Effect.match(verifyCallback(url, { session }), { onSuccess: () => "verified", onFailure: kindOf }),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(outcomes.filter((outcome) => outcome === "verified").length, 1)
      assert.deepStrictEqual(outcomes.filter((outcome) => outcome === "stateReplayed").length, 7)
    }).pipe(Effect.provide(flow()))
  )

  it.effect("refuses an expired and a foreign state", () =>
    Effect.gen(function* () {
      const url = callback(yield* begin(), yield* first)
      assert.strictEqual(yield* refusalOf(url, "another session"), "stateForeign")
      assert.strictEqual(yield* refusalOf(url, ""), "sessionMissing")
      yield* TestClock.adjust("15 minutes")
      assert.strictEqual(yield* refusalOf(url), "stateExpired")
    }).pipe(Effect.provide(flow()))
  )

  it.effect("refuses states that are forged or not made by this app at all", () =>
    Effect.gen(function* () {
      const link = yield* begin()
      const id = yield* first
      const state = link.searchParams.get("state") ?? ""
      const [note = "", signature = ""] = state.split(".")
      const other = Buffer.from(
        JSON.stringify({ ...JSON.parse(Buffer.from(note, "base64url").toString()), exp: 9_999_999_999_999 })
      ).toString("base64url")
      for (const [forged, kind] of [
        [`${other}.${signature}`, "stateForged"],
        [`${note}.${signature.replace(/^./, (c) => (c === "A" ? "B" : "A"))}`, "stateForged"],
        [note, "stateMalformed"],
        [`${state}.x`, "stateMalformed"],
        [`${state}==`, "stateMalformed"],
        ["user-17", "stateMalformed"],
        ["", "stateMissing"]
      ] as const) {
        assert.strictEqual(yield* refusalOf(callback(link, id, { state: forged })), kind)
      }
      // Signed by the same flow of another deployment, with its own secret.
      const elsewhere = yield* begin().pipe(
        Effect.provide(flow({ stateSecret: Redacted.make("another-secret-0123456789abcdef-0123456789") }))
      )
      assert.strictEqual(yield* refusalOf(callback(elsewhere, id)), "stateForged")
    }).pipe(Effect.provide(flow()))
  )

  it.effect("hands out no signature for a state by way of a session's digest", () =>
    Effect.gen(function* () {
      const [text = ""] = ((yield* begin()).searchParams.get("state") ?? "").split(".")
      const { installUrl } = yield* InstallFlow
      const link = yield* installUrl({ appNameId: "app1", session: text })
      const [note = ""] = (link.searchParams.get("state") ?? "").split(".")
      const { ses } = JSON.parse(Buffer.from(note, "base64url").toString())
      assert.match(ses, /^[\w-]{43}$/)
      assert.strictEqual(yield* refusalOf(callback(link, yield* first, { state: `${text}.${ses}` })), "stateForged")
    }).pipe(Effect.provide(flow()))
  )

  it.effect("gives the state back when the callback is cut off", () =>
    Effect.gen(function* () {
      const { verifyCallback } = yield* InstallFlow
      const { control } = yield* Simulator
      const url = callback(yield* begin(), yield* first)
      yield* control.faults.probability("GET /app/installations/{installationId}", 1, { _tag: "StallBeforeHead" })
      const cutOff = yield* Effect.forkChild(verifyCallback(url, { session }), { startImmediately: true })
      // The check of the state's signature takes real time, and comes before.
      const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* Effect.repeat(turn, { until: () => Effect.map(control.requestLog, ({ length }) => length > 0) })
      assert.strictEqual(yield* refusalOf(url), "stateReplayed")
      yield* Fiber.interrupt(cutOff)
      yield* control.faults.clear
      yield* verifyCallback(url, { session })
    }).pipe(Effect.provide(flow()))
  )

  it.effect("gives the state back when looking the installation up dies of a bug", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const { verifyCallback } = yield* InstallFlow
      const url = callback(yield* begin(), yield* first)
      const broken = InstallFlow.layerWith({ stateSecret }).pipe(
        Layer.provide(Layer.succeed(IcrApp, { ...app, installation: () => Effect.die(new Error("a bug")) }))
      )
      const exit = yield* Effect.exit(
        Effect.flatMap(InstallFlow, ({ verifyCallback }) => verifyCallback(url, { session })).pipe(
          Effect.provide(broken, { local: true })
        )
      )
      assert.isTrue(Exit.hasDies(exit))
      yield* verifyCallback(url, { session })
    }).pipe(Effect.provide(flow()), Effect.provide(InstallStates.layerMemory))
  )

  it.effect("takes states signed with the secret before a rotation", () =>
    Effect.gen(function* () {
      const url = callback(yield* begin(), yield* first)
      const rotated = flow({ stateSecret: [Redacted.make("the-next-secret-0123456789abcdef-012345"), stateSecret] })
      yield* Effect.flatMap(InstallFlow, ({ verifyCallback }) => verifyCallback(url, { session })).pipe(
        Effect.provide(rotated)
      )
    }).pipe(Effect.provide(flow()))
  )

  it.effect("gives the state back when the registry was out", () =>
    Effect.gen(function* () {
      const { verifyCallback } = yield* InstallFlow
      const { control } = yield* Simulator
      const url = callback(yield* begin(), yield* first)
      yield* control.faults.probability("GET /app/installations/{installationId}", 1, { _tag: "Status", status: 503 })
      assert.strictEqual(yield* refusalOf(url), "ServerError")
      yield* control.faults.clear
      yield* verifyCallback(url, { session })
    }).pipe(Effect.provide(flow()))
  )

  it.effect("refuses rather than trusts when used states cannot be looked up", () =>
    Effect.gen(function* () {
      const url = callback(yield* begin(), yield* first)
      assert.strictEqual(yield* refusalOf(url), "stateUnchecked")
    }).pipe(
      Effect.provide(flow()),
      Effect.provide(
        Layer.succeed(InstallStates, {
          claim: () => Effect.fail(new DeduplicationStoreError({ operation: "claim", detail: "connection lost" })),
          release: () => Effect.void
        })
      )
    )
  )

  it.effect("gives up on a store of used states that hangs", () =>
    Effect.gen(function* () {
      const url = callback(yield* begin(), yield* first)
      const refused = yield* Effect.forkChild(refusalOf(url), { startImmediately: true })
      yield* Queue.take(asked)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(refused), "stateUnchecked")
    }).pipe(
      Effect.provide(flow()),
      Effect.provide(
        Layer.succeed(InstallStates, {
          claim: () => Effect.andThen(Queue.offer(asked, true), Effect.never),
          release: () => Effect.never
        })
      )
    )
  )
})
