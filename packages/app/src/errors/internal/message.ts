/** The fields that reasons share, and the words of their messages. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** The call that failed. Every reason that stems from a call carries these fields. */
export const callFields = {
  /** The public operation, such as `IcrApp.installationToken`. */
  operation: Schema.String,
  method: Schema.String,
  /** The path template, such as `/app/installations/{installationId}`: never a filled-in one. */
  path: Schema.String,
  /** Which page of a list, counted from 0. */
  page: Schema.optionalKey(Schema.Int),
  /** Whether sending the request twice does no harm: a read, a token exchange, or a call marked `idempotent`. */
  idempotent: Schema.Boolean,
  /** Requests that went out for this call, token exchanges aside; 0 when none was sent. */
  attempts: Schema.Int,
  /** From the start of the call to the failure, waits included. */
  elapsed: Schema.Duration
}

/** The answer of the registry. */
export const answerFields = {
  ...callFields,
  status: Schema.Int,
  /** The registry's own words without credentials; empty when it sent none. */
  registryMessage: Schema.Array(Schema.String)
}

/** As {@link answerFields}, for reasons that may be known before a request is sent: then there is no status. */
export const answerOrNotSentFields = {
  ...answerFields,
  status: Schema.optionalKey(Schema.Int)
}

/**
 * What was done about a refused credential before the call gave up.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Tried = Schema.Literals(["nothing", "sameToken", "newToken", "sameThenNewToken", "newJwt"])
/**
 * What was done about a refused credential before the call gave up.
 *
 * @category models
 * @since 0.1.0
 */
export type Tried = typeof Tried.Type

/**
 * What the registry refused: the app JWT, the app token, or the token of an installation.
 *
 * @category schemas
 * @since 0.1.0
 */
export const RefusedCredential = Schema.Literals(["jwt", "appToken", "installationToken"])
/**
 * What the registry refused: the app JWT, the app token, or the token of an installation.
 *
 * @category models
 * @since 0.1.0
 */
export type RefusedCredential = typeof RefusedCredential.Type

const refusedCredentials: {
  readonly [C in RefusedCredential]: { readonly name: string; readonly advice: string }
} = {
  jwt: { name: "the app JWT", advice: "check the app id and the private key" },
  appToken: { name: "the app token", advice: "check that the endpoint takes one" },
  installationToken: {
    name: "the installation's token",
    advice: "check that the endpoint takes one, then check the installation"
  }
}

/** The name of what was refused, and what to look at. */
export const refusedCredential = (credential: RefusedCredential | undefined) =>
  credential === undefined
    ? { name: "the credential", advice: "check the app id, the private key and the installation" }
    : refusedCredentials[credential]

const triedWords: { readonly [T in Tried]: string } = {
  nothing: "",
  sameToken: " several times with the same token",
  newToken: " also with a new token",
  sameThenNewToken: " several times with the same token, then with a new one",
  newJwt: " also with a new JWT by the registry's clock"
}

/** ` (also with a new token)`, or nothing. */
export const triedText = (tried: Tried) => (tried === "nothing" ? "" : ` (${triedWords[tried].trim()})`)

interface Call {
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly page?: number
  readonly idempotent: boolean
  readonly attempts: number
}

interface Answer extends Call {
  readonly status?: number
  readonly registryMessage: ReadonlyArray<string>
}

/** Whether the call was a write that was sent, so that the registry may have done it. */
export const mayBeWritten = (reason: Call) => !reason.idempotent && reason.attempts > 0

/** What is known of a failure and what to do about it: after a write that may have been done, always to look first. */
export const withAdvice = (mayHaveHappened: boolean, known: string, advice?: string) => {
  const then = mayHaveHappened ? "it may have been done; look before sending it again" : advice
  return then === undefined ? known : `${known}; ${then}`
}

/** ` after 3 attempts`, when there were several. */
export const afterAttempts = (attempts: number) => (attempts > 1 ? ` after ${attempts} attempts` : "")

/** The call by name, method, path, and page of a list. */
export const callText = ({ method, operation, page, path }: Call) =>
  `${operation} (${method} ${path}${page === undefined ? "" : `, page ${page}`})`

const registryWords = (reason: Answer) =>
  reason.registryMessage.length === 0 ? "" : `, saying "${reason.registryMessage.join("; ")}"`

/** One sentence: which call, what the registry answered and said, and what to do about it. */
export const answerText = (reason: Answer, advice: string) =>
  reason.status === undefined
    ? `${callText(reason)} sent nothing: ${advice}.`
    : `${callText(reason)} answered ${reason.status}${afterAttempts(reason.attempts)}${registryWords(reason)}: ${advice}.`

/** Whether the registry says that it has no such endpoint, as its framework does by itself. */
export const isNoRoute = (registryMessage: ReadonlyArray<string>) =>
  registryMessage.some((text) => /^Cannot [A-Z]+ \//.test(text))

/** Whole seconds, rounded up. */
export const secondsText = (duration: Duration.Duration) => `${Math.ceil(Duration.toSeconds(duration))} s`

/** When to try again. */
export const tryAgainText = (retryAfter: Option.Option<Duration.Duration>) =>
  Option.match(retryAfter, { onNone: () => "try again later", onSome: (wait) => `try again in ${secondsText(wait)}` })

/** For reasons that no waiting helps, or that tell no time. */
export const noRetryAfter = Option.none<Duration.Duration>()
