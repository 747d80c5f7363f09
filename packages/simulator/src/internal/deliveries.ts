/** Sends deliveries and remembers what became of them. */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import { createHmac } from "node:crypto"
import type { Behaviour } from "../Behaviour.ts"
import type { Delivery, Tampering } from "../Webhooks.ts"
import { payload, type TransactionRecord } from "./payload.ts"
import * as Present from "./present.ts"
import type { AppRecord, InstallationRecord, Tables } from "./Tables.ts"

interface Registry {
  readonly seed: number
  readonly baseUrl: string
  readonly tables: Ref.Ref<Tables>
  readonly behaviour: Ref.Ref<Behaviour>
  readonly now: Effect.Effect<number>
}

export interface Deliveries {
  /** Tells the installation's app in the background. */
  readonly announce: (event: string, record: InstallationRecord) => Effect.Effect<void>
  /** Tells the installation's app and waits for the answer; `undefined` when the app has no URL. */
  readonly tell: (
    event: string,
    record: InstallationRecord,
    transaction: TransactionRecord | undefined,
    tampering: Tampering
  ) => Effect.Effect<Delivery | undefined>
  /** Sends a kept delivery again; `undefined` when it is not kept or the app has no URL. */
  readonly repeat: (number: number, tampering: Tampering) => Effect.Effect<Delivery | undefined>
  readonly kept: Effect.Effect<ReadonlyArray<Delivery>>
  readonly settled: Effect.Effect<void>
  readonly clear: Effect.Effect<void>
}

const mostKept = 1000

/** No page says how long the registry waits for an answer. */
const timeout = "10 seconds"

const swap = (text: string, at: number) => {
  const other = text[at] === "0" ? "1" : "0"
  return `${text.slice(0, at)}${other}${text.slice(at + 1)}`
}

const secretOf = (app: AppRecord, { secret = "current" }: Tampering) =>
  secret === "none" ? undefined : secret === "previous" ? app.previousSecret : app.webhookSecret

type Event = Readonly<Record<string, unknown>>

/** Body and signature. What is tampered with is changed after signing. */
const sealed = (event: Event, app: AppRecord, tampering: Tampering) => {
  const signedData = Buffer.from(JSON.stringify(event)).toString("base64")
  const secret = secretOf(app, tampering)
  const signature =
    secret === undefined
      ? null
      : `sha256=${createHmac("sha256", Redacted.value(secret)).update(signedData, "utf8").digest("hex")}`
  const middle = Math.floor(signedData.length / 2)
  // The printed sample's signed text still has the field `state`, which the object beside it lost.
  const { state: _state, ...printed } = event
  const outer = tampering.tamper === "outer" ? { ...printed, event: "tampered" } : printed
  return {
    body: JSON.stringify({
      ...outer,
      signedData: tampering.tamper === "signedData" ? swap(signedData, middle) : signedData
    }),
    signature:
      tampering.tamper === "signature" && signature !== null ? swap(signature, signature.length - 1) : signature
  }
}

const post = (target: NonNullable<AppRecord["webhookTarget"]>, body: string, signature: string | null) =>
  Effect.tryPromise((signal) => {
    const headers = {
      "content-type": "application/json",
      ...(signature === null ? {} : { "x-icr-signature-256": signature })
    }
    const init: RequestInit = { method: "POST", headers, body, redirect: "manual" }
    return typeof target === "string"
      ? fetch(target, { ...init, signal })
      : target(new Request("http://receiver.test/webhook", init))
  }).pipe(
    // The body of the answer means nothing, but an unread one would hold the connection; one that broke off already does not.
    Effect.tap(({ body }) => Effect.ignore(Effect.tryPromise(() => body?.cancel() ?? Promise.resolve()))),
    Effect.timeout(timeout),
    Effect.match({
      onSuccess: ({ status }) => ({ status, failure: null }),
      onFailure: (error) => ({
        status: null,
        failure: error._tag === "TimeoutError" ? `no answer within ${timeout}` : `no answer: ${String(error.cause)}`
      })
    })
  )

export const make = Effect.fnUntraced(function* (registry: Registry): Effect.fn.Return<Deliveries, never, Scope.Scope> {
  const kept = new Map<number, { readonly delivery: Delivery; readonly event: Event; readonly app: AppRecord }>()
  let total = 0
  let cleared = 0
  const fibers = yield* FiberSet.make()
  const inBackground = yield* FiberSet.runtime(fibers)()

  const keep = (delivery: Delivery, event: Event, app: AppRecord) => {
    kept.set(delivery.number, { delivery, event, app })
    for (const number of kept.keys()) {
      if (kept.size <= mostKept) break
      kept.delete(number)
    }
    return delivery
  }

  const send = Effect.fnUntraced(function* (
    event: Event,
    app: AppRecord,
    tampering: Tampering,
    repeats: number | null
  ) {
    const target = app.webhookTarget
    if (target === undefined) return undefined
    const { body, signature } = sealed(event, app, tampering)
    const delivery: Delivery = {
      number: ++total,
      at: yield* registry.now,
      appId: app.appId,
      event: String(event["event"]),
      url: typeof target === "string" ? target : null,
      body,
      signature,
      status: null,
      failure: null,
      repeats
    }
    keep(delivery, event, app)
    const before = cleared
    const answer = yield* post(target, body, signature)
    const answered = { ...delivery, ...answer }
    // What was cleared in the meantime must not come back under a number that is given anew.
    return before === cleared ? keep(answered, event, app) : answered
  })

  /** What an app is told now, or undefined when there is no app to tell. Taken before anything else changes. */
  const compose = Effect.fnUntraced(function* (
    event: string,
    record: InstallationRecord,
    transaction: TransactionRecord | undefined
  ) {
    const tables = yield* Ref.get(registry.tables)
    const app = tables.apps.get(record.appId)
    const owner = Present.owner(tables, record)
    if (app === undefined || owner === undefined) return undefined
    const around = { ...registry, behaviour: yield* Ref.get(registry.behaviour) }
    return { app, body: payload(event, record, app, owner, transaction, around) }
  })

  return {
    announce: Effect.fnUntraced(function* (event, record) {
      const composed = yield* compose(event, record, undefined)
      if (composed !== undefined) inBackground(send(composed.body, composed.app, {}, null))
    }),
    tell: Effect.fnUntraced(function* (event, record, transaction, tampering) {
      const composed = yield* compose(event, record, transaction)
      return composed === undefined ? undefined : yield* send(composed.body, composed.app, tampering, null)
    }),
    repeat: (number, tampering) =>
      Effect.suspend(() => {
        const found = kept.get(number)
        return found === undefined ? Effect.undefined : send(found.event, found.app, tampering, number)
      }),
    kept: Effect.sync(() =>
      Array.from(kept.values(), ({ delivery }) => delivery).toSorted((a, b) => a.number - b.number)
    ),
    settled: FiberSet.awaitEmpty(fibers),
    clear: Effect.sync(() => {
      kept.clear()
      total = 0
      cleared++
    })
  }
})
