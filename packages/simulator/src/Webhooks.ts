/**
 * Webhook deliveries, as the registry sends them and as an attacker or a mishap would change them.
 *
 * Each event is one POST to the app's one URL. It is never repeated, since no page says that the registry does. The
 * body carries the event and `signedData`, the same event as base64 text. The header `x-icr-signature-256` signs that
 * text and is omitted when the app has no secret (Webhook actions and payloads; Validating webhook deliveries).
 *
 * @module
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { SimulatorError } from "./SimulatorError.ts"

/**
 * Where deliveries go: a URL, or a function for a receiver in the same process.
 *
 * @since 0.1.0
 * @category models
 */
export type WebhookTarget = string | ((request: Request) => Promise<Response>)

/**
 * How a delivery differs from a genuine one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Tampering = Schema.Struct({
  /** `previous` is the secret before the last rotation; `none` omits the header. Default `current`. */
  secret: Schema.optionalKey(Schema.Literals(["current", "previous", "none"])),
  /**
   * The part changed after signing: one digit of the signature, one character of the signed text, or the event's name
   * outside the signed text.
   */
  tamper: Schema.optionalKey(Schema.Literals(["signature", "signedData", "outer"]))
})

/**
 * How a delivery differs from a genuine one.
 *
 * @since 0.1.0
 * @category models
 */
export type Tampering = typeof Tampering.Type

/**
 * One delivery and its outcome.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Delivery = Schema.Struct({
  /** Position since the start or the last reset, from 1. */
  number: Schema.Int,
  /** Milliseconds since 1970 on the registry's clock. */
  at: Schema.Finite,
  appId: Schema.String,
  event: Schema.String,
  /** Null for a receiver in the same process. */
  url: Schema.NullOr(Schema.String),
  body: Schema.String,
  signature: Schema.NullOr(Schema.String),
  /** Status of the receiver's answer; null while there is none. */
  status: Schema.NullOr(Schema.Int),
  /** Reason why there was no answer; null otherwise. */
  failure: Schema.NullOr(Schema.String),
  /** Number of the delivery that this one repeats. */
  repeats: Schema.NullOr(Schema.Int)
})

/**
 * One delivery and its outcome.
 *
 * @since 0.1.0
 * @category models
 */
export type Delivery = typeof Delivery.Type

/**
 * A movement of credits to notify an app of (Webhook actions and payloads).
 *
 * @since 0.1.0
 * @category schemas
 */
export const SimulatedTransaction = Schema.Struct({
  /** The event: that of a warehouse (default) or of an organization's inventory. */
  of: Schema.optionalKey(Schema.Literals(["warehouse", "organization"])),
  /** Default `processed`. */
  status: Schema.optionalKey(Schema.String),
  /** Default `transfer`. */
  type: Schema.optionalKey(Schema.String),
  /** In tonnes; default 1. */
  amount: Schema.optionalKey(Schema.Finite),
  creditId: Schema.optionalKey(Schema.String)
})

/**
 * A movement of credits to notify an app of.
 *
 * @since 0.1.0
 * @category models
 */
export type SimulatedTransaction = typeof SimulatedTransaction.Type

/**
 * Controls the deliveries. An omitted `appId` means the first app.
 *
 * @since 0.1.0
 * @category models
 */
export interface Webhooks {
  /** Sets where deliveries go; `undefined` stops them. */
  readonly setTarget: (target: WebhookTarget | undefined, appId?: string) => Effect.Effect<void, SimulatorError>
  /** Creates a new secret and returns it. {@link Tampering} can still select the previous one. */
  readonly rotateSecret: (appId?: string) => Effect.Effect<Redacted.Redacted<string>, SimulatorError>
  /** Removes the secret, so that deliveries are not signed. */
  readonly removeSecret: (appId?: string) => Effect.Effect<void, SimulatorError>

  /** The last 1,000 deliveries, oldest first. */
  readonly deliveries: Effect.Effect<ReadonlyArray<Delivery>>
  /** Waits until every delivery in progress is answered or has failed. */
  readonly settled: Effect.Effect<void>

  /** Sends a past delivery again, with the current secret by default, and returns the new delivery with its outcome. */
  readonly redeliver: (number: number, tampering?: Tampering) => Effect.Effect<Delivery, SimulatorError>
  /** Notifies the app of a transaction and returns the delivery with its outcome. */
  readonly transaction: (
    installationId: string,
    transaction?: SimulatedTransaction,
    tampering?: Tampering
  ) => Effect.Effect<Delivery, SimulatorError>
  /**
   * Sends an event of any name about an installation, without changing it, and returns the delivery with its outcome.
   */
  readonly send: (
    installationId: string,
    event: string,
    tampering?: Tampering
  ) => Effect.Effect<Delivery, SimulatorError>
}
