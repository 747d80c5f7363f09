/**
 * Why a webhook delivery or an install callback was not accepted, as reasons of `IcrError`.
 *
 * Each cause has a `kind` of its own, so that a program, a log or a metric can tell a forgery from a broken proxy. No
 * refusal repeats what was sent: a body may be anybody's, a state may still be good.
 */
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const noWait = Option.none<Duration.Duration>()

/** What each kind is answered with, and what it means. The one table behind statuses and messages. */
const webhookKinds = {
  method: [405, "only POST is taken"],
  contentType: [415, "the content type is not JSON"],
  contentEncoding: [415, "the body is compressed or encoded in another way"],
  bodyTooLarge: [413, "the body is larger than the limit"],
  bodyTimeout: [408, "the body did not arrive in time"],
  bodyCut: [400, "the body ended early, or was read before"],
  bodyBom: [400, "the body begins with a byte order mark"],
  bodyNotUtf8: [400, "the body is not UTF-8"],
  bodyNotJson: [400, "the body is not JSON"],
  signedDataMissing: [400, "the body has no text in the field signedData"],
  signatureMissing: [403, "the header x-icr-signature-256 is missing"],
  signaturePrefix: [403, "the signature does not begin with sha256="],
  signatureJunk: [403, "the signature has other characters around its digest"],
  signatureNotHex: [403, "the signature's digest is not lower-case hex"],
  signatureOdd: [403, "the signature's digest has an odd number of hex digits"],
  signatureLength: [403, "the signature's digest does not have 64 hex digits"],
  signatureMismatch: [403, "the signature was made with another secret or for another signedData"],
  signedDataNotBase64: [400, "the signed text is not base64"],
  signedDataBom: [400, "the signed text begins with a byte order mark"],
  signedDataNotUtf8: [400, "the signed text is not UTF-8"],
  signedDataNotJson: [400, "the signed text is not JSON"],
  unknownShape: [400, "the signed event does not have the documented shape"],
  overloaded: [503, "too many events are waiting"],
  stopping: [503, "the receiver is stopping"],
  notAccepted: [503, "the event could not be put where it is to be worked on"]
} as const satisfies Record<string, readonly [status: number, meaning: string]>

/** Why a delivery was refused. */
export type WebhookRefusalKind = keyof typeof webhookKinds

const keysOf = <K extends string>(record: { readonly [_ in K]: unknown }) => {
  const isKey = (key: string): key is K => key in record
  return Object.keys(record).filter(isKey)
}

/** Why a delivery was refused. */
export const WebhookRefusalKind = Schema.Literals(keysOf(webhookKinds))

/**
 * A webhook delivery that is not accepted. 403 for everything about the signature, 400 for what a signature cannot mend,
 * 405, 408, 413 and 415 for the request around it, 503 when it was good and could not be taken in.
 */
export class WebhookRefused extends Schema.TaggedError<WebhookRefused>("@effect-icr/app/WebhookRefused")(
  "WebhookRefused",
  {
    kind: WebhookRefusalKind,
    /** Where and what was expected, for some kinds; empty for the others. Never what was there. */
    detail: Schema.String
  }
) {
  readonly retryAfter = noWait
  /** The HTTP status `Webhook.handler` answers with. */
  get status(): number {
    return webhookKinds[this.kind][0]
  }
  get isRetryable(): boolean {
    return this.status === 503 || this.status === 408
  }
  override get message() {
    return `A webhook delivery was refused: ${webhookKinds[this.kind][1]}${this.detail === "" ? "" : ` (${this.detail})`}.`
  }
}

const installKinds = {
  callbackMalformed: "the callback is not a URL",
  stateMissing: "the callback carries no state, or more than one",
  stateMalformed: "the state is not one of ours",
  stateForged: "the state's signature is wrong",
  stateExpired: "the state has expired; begin the installation again",
  stateForeign: "the state was made for another session",
  stateReplayed: "the state was used before",
  stateUnchecked: "whether the state was used before could not be found out",
  installationIdMissing: "the callback carries no installationId, or more than one",
  installationIdMalformed: "the installationId is not an id",
  installationForeign: "the installation is not of the app the flow was begun for"
} as const

/** Why an install callback was refused. */
export type InstallRefusalKind = keyof typeof installKinds

/** Why an install callback was refused. */
export const InstallRefusalKind = Schema.Literals(keysOf(installKinds))

/** An install callback that is not to be trusted. An installation that does not exist is `InstallationNotFound`. */
export class InstallRefused extends Schema.TaggedError<InstallRefused>("@effect-icr/app/InstallRefused")(
  "InstallRefused",
  { kind: InstallRefusalKind }
) {
  readonly retryAfter = noWait
  /** What to answer the browser with: 503 when the check itself failed, else 400. */
  get status(): number {
    return this.kind === "stateUnchecked" ? 503 : 400
  }
  get isRetryable(): boolean {
    return this.kind === "stateUnchecked"
  }
  override get message() {
    return `The install callback was refused: ${installKinds[this.kind]}.`
  }
}
