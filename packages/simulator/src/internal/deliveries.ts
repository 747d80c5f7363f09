/** Signs and sends webhook deliveries and keeps the last ones with their outcome. */
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
  /** Notifies the installation's app in the background. */
  readonly announce: (event: string, record: InstallationRecord, transaction?: TransactionRecord) => Effect.Effect<void>
  /** Notifies the installation's app and waits for the answer. Returns `undefined` when the app has no URL. */
  readonly tell: (
    event: string,
    record: InstallationRecord,
    transaction: TransactionRecord | undefined,
    tampering: Tampering
  ) => Effect.Effect<Delivery | undefined>
  /** Sends a kept delivery again. Returns `undefined` when it is not kept or the app has no URL. */
  readonly repeat: (number: number, tampering: Tampering) => Effect.Effect<Delivery | undefined>
  /** The kept deliveries, oldest first. */
  readonly kept: Effect.Effect<ReadonlyArray<Delivery>>
  /** Waits until no delivery is in progress. */
  readonly settled: Effect.Effect<void>
  /** Removes the kept deliveries. Numbers start again at 1. */
  readonly clear: Effect.Effect<void>
}

const mostKept = 1000

/** How long a delivery waits for an answer. The registry's own limit is not documented. */
const timeout = "10 seconds"

const swap = (text: string, at: number) => {
  const other = text[at] === "0" ? "1" : "0"
  return `${text.slice(0, at)}${other}${text.slice(at + 1)}`
}

const secretOf = (app: AppRecord, { secret = "current" }: Tampering) =>
  secret === "none" ? undefined : secret === "previous" ? app.previousSecret : app.webhookSecret

type Event = Readonly<Record<string, unknown>>

/** Body and signature of a delivery. Tampering changes them after signing. */
const sealed = (event: Event, app: AppRecord, tampering: Tampering) => {
  const signedData = Buffer.from(JSON.stringify(event)).toString("base64")
  const secret = secretOf(app, tampering)
  const signature =
    secret === undefined
      ? null
      : `sha256=${createHmac("sha256", Redacted.value(secret)).update(signedData, "utf8").digest("hex")}`
  const middle = Math.floor(signedData.length / 2)
  // In the printed sample the signed text has the field `state` and the plain event has not.
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
    // An unread body would keep the connection busy. Cancelling one that has already failed may fail itself, which is
    // harmless.
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
    // After a clear the same number may name another delivery, which this one must not overwrite.
    return before === cleared ? keep(answered, event, app) : answered
  })

  /** The event as the tables are now, or undefined when its app or organization is gone. */
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
    announce: Effect.fnUntraced(function* (event, record, transaction) {
      const composed = yield* compose(event, record, transaction)
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
