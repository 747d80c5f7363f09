/**
 * Deliveries as the registry sends them, and as an attacker or a mishap would.
 *
 * One POST to the app's one URL for each event, never repeated: no page says that the registry does. The body carries the
 * event and `signedData`, the same event as base64 text; the header `x-icr-signature-256` signs that text and is left out
 * when the app has no secret (Webhook actions and payloads; Validating webhook deliveries).
 */
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { SimulatorError } from "./SimulatorError.ts"

/** A URL, or for tests in one process the receiver itself. */
export type WebhookTarget = string | ((request: Request) => Promise<Response>)

/** How a delivery is to differ from an honest one. */
export const Tampering = Schema.Struct({
  /** `previous`: the secret before the last rotation. `none`: the header is left out. Default `current`. */
  secret: Schema.optionalKey(Schema.Literals(["current", "previous", "none"])),
  /**
   * What is changed after signing: one digit of the signature, one character of the signed text, or the event's name
   * outside the signed text.
   */
  tamper: Schema.optionalKey(Schema.Literals(["signature", "signedData", "outer"]))
})
export type Tampering = typeof Tampering.Type

/** One delivery and what became of it. */
export const Delivery = Schema.Struct({
  /** Counts from 1 since the start. */
  number: Schema.Int,
  /** Milliseconds since 1970 on the registry's clock. */
  at: Schema.Finite,
  appId: Schema.String,
  event: Schema.String,
  /** Null for a receiver in the same process. */
  url: Schema.NullOr(Schema.String),
  body: Schema.String,
  signature: Schema.NullOr(Schema.String),
  /** The receiver's answer; null while there is none. */
  status: Schema.NullOr(Schema.Int),
  /** Why there was no answer; null otherwise. */
  failure: Schema.NullOr(Schema.String),
  /** The delivery this one repeats. */
  repeats: Schema.NullOr(Schema.Int)
})
export type Delivery = typeof Delivery.Type

/** A movement of credits to tell about (Webhook actions and payloads). */
export const SimulatedTransaction = Schema.Struct({
  /** Which event: a warehouse's (default) or an inventory's. */
  of: Schema.optionalKey(Schema.Literals(["warehouse", "organization"])),
  /** Default `processed`. */
  status: Schema.optionalKey(Schema.String),
  /** Default `transfer`. */
  type: Schema.optionalKey(Schema.String),
  /** In tonnes; default 1. */
  amount: Schema.optionalKey(Schema.Finite),
  creditId: Schema.optionalKey(Schema.String)
})
export type SimulatedTransaction = typeof SimulatedTransaction.Type

/** Control of the deliveries. `appId` left out means the first app. */
export interface Webhooks {
  /** Where deliveries go from now on; `undefined`: nowhere. */
  readonly setTarget: (target: WebhookTarget | undefined, appId?: string) => Effect.Effect<void, SimulatorError>
  /** A new secret; the one before can still be asked for. */
  readonly rotateSecret: (appId?: string) => Effect.Effect<Redacted.Redacted<string>, SimulatorError>
  /** From now on deliveries are not signed. */
  readonly removeSecret: (appId?: string) => Effect.Effect<void, SimulatorError>

  /** The last 1,000 deliveries, oldest first. */
  readonly deliveries: Effect.Effect<ReadonlyArray<Delivery>>
  /** Waits until every delivery that is under way was answered or failed. */
  readonly settled: Effect.Effect<void>

  /** Sends a kept delivery again, with the present secret unless told otherwise; gives the answered delivery. */
  readonly redeliver: (number: number, tampering?: Tampering) => Effect.Effect<Delivery, SimulatorError>
  /** Tells about a transaction; gives the answered delivery. */
  readonly transaction: (
    installationId: string,
    transaction?: SimulatedTransaction,
    tampering?: Tampering
  ) => Effect.Effect<Delivery, SimulatorError>
  /** Sends an event of any name about an installation, nothing else happening; gives the answered delivery. */
  readonly send: (
    installationId: string,
    event: string,
    tampering?: Tampering
  ) => Effect.Effect<Delivery, SimulatorError>
}
