/** The fields that reasons share, and how their messages begin. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** What was being called. Every reason that stems from a call carries these. */
export const call = {
  /** The public operation, such as `IcrApp.installationToken`. */
  operation: Schema.String,
  method: Schema.String,
  /** The path template, such as `/app/installations/{installationId}`: never a filled-in one. */
  path: Schema.String,
  /** Whether sending it twice does no harm: a read, a token exchange, or a call marked `idempotent`. */
  repeatable: Schema.Boolean,
  /** Requests that went out for this call, token exchanges aside. */
  attempts: Schema.Int,
  /** From the first attempt to the failure, waits included. */
  elapsed: Schema.Duration
}

/** What the registry answered. */
export const answer = {
  ...call,
  status: Schema.Int,
  /** The registry's own words, scrubbed; empty when it sent none. */
  registryMessage: Schema.Array(Schema.String)
}

interface Call {
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly repeatable: boolean
  readonly attempts: number
}

interface Answer extends Call {
  readonly status: number
  readonly registryMessage: ReadonlyArray<string>
}

/** Whether the call was a write that went out, and must not be sent again on a guess. */
export const wasWritten = (reason: Call) => !reason.repeatable && reason.attempts > 0

/** After how many attempts, when there were several. */
export const times = (n: number) => (n > 1 ? ` after ${n} attempts` : "")
/** Which call. */
export const where = (reason: Call) => `${reason.operation} (${reason.method} ${reason.path})`
const said = (reason: Answer) =>
  reason.registryMessage.length === 0 ? "" : `, saying "${reason.registryMessage.join("; ")}"`
/** One sentence: which call, what the registry answered and said, and what to do about it. */
export const answered = (reason: Answer, what: string) =>
  `${where(reason)} answered ${reason.status}${times(reason.attempts)}${said(reason)}: ${what}.`
/** Whole seconds, rounded up. */
export const seconds = (duration: Duration.Duration) => `${Math.ceil(Duration.toSeconds(duration))} s`
/** When to try again. */
export const waitHint = (retryAfter: Option.Option<Duration.Duration>) =>
  Option.match(retryAfter, { onNone: () => "try again later", onSome: (wait) => `try again in ${seconds(wait)}` })

/** For reasons that no waiting helps, or that tell no time. */
export const noWait = Option.none<Duration.Duration>()
