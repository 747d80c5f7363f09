/** A call under way: what it is for, how far it has come, and the failures that name it. */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import { monotonicMillis } from "../../clock/internal/elapsedTime.ts"
import type * as ServerClock from "../../clock/ServerClock.ts"
import { IcrError } from "../../errors/IcrError.ts"
import { DecodeFailure, type IcrReason, InvalidRequest, Timeout, Transport } from "../../errors/IcrReason.ts"
import type { CallInfo } from "../../errors/internal/fields.ts"
import type { RetrySchedule } from "../RetryPolicy.ts"
import type * as AskedWait from "./askedWait.ts"
import { type Answer, type Send, isNotModified, isSuccess } from "./request.ts"
import { answerReason } from "./responseError.ts"
import type { Call } from "./subject.ts"
import type { Span, Telemetry } from "./telemetry.ts"
import { classify } from "./transportError.ts"

/** What all calls of a layer share. Times in milliseconds. */
export interface Settings {
  readonly send: Send
  readonly clock: ServerClock.Service
  readonly schedule: RetrySchedule
  /** What the registry asked token exchanges to wait, and all other calls. */
  readonly askedWait: { readonly exchanges: AskedWait.AskedWait; readonly others: AskedWait.AskedWait }
  /** What is left of the retries that all calls share, in tenths of a retry: ten times 0.1 is less than 1. */
  readonly budget: Ref.Ref<number>
  readonly retryBudget: number
  /** Returns when a request may go out; absent without a limit. */
  readonly rateLimit: Effect.Effect<void> | undefined
  readonly telemetry: Telemetry
  /** The variable of the environment that asks for a proxy, for the message of a connection that fails. */
  readonly proxyVariable: string | undefined
  /** Open a span for each request under the one of its call. */
  readonly traceRequests: boolean
  /** Send `traceparent` and `b3` to the registry. */
  readonly propagateTrace: boolean
  readonly maxRetryAfter: number
  readonly attemptTimeout: number
  readonly deadline: number
}

/** What is made of an answer with a 2xx status and a whole body. */
export type Finish<A> = (answer: Answer, call: CallInfo) => Effect.Effect<A, IcrError>

/** How far a call has come. */
export interface Progress {
  readonly attempts: number
  /** Every credential it was refused with. */
  readonly refused: ReadonlyArray<Redacted.Redacted>
  /** The failure of its latest attempt. A failure to get a credential is none. */
  readonly lastFailure: IcrError | undefined
  /** Whether an attempt has been sent and has not ended. */
  readonly isUnderWay: boolean
}

/** A call under way. */
export interface Run {
  readonly settings: Settings
  readonly call: Call
  readonly span: Span
  readonly clock: Clock.Clock
  /** Whether somebody sees lines at `Debug`. */
  readonly isDebug: boolean
  /** In milliseconds of the monotonic clock, as `deadline`. */
  readonly started: number
  readonly deadline: number
  readonly progress: Ref.Ref<Progress>
  /** What the registry asked calls of this kind to wait. */
  readonly askedWait: AskedWait.AskedWait
}

/** The present moment, in milliseconds of the monotonic clock. */
export const now = ({ clock }: Run): number => monotonicMillis(clock)

/** Logs one line at `Debug` that begins with the call and how often it was sent. Made only where somebody sees it. */
export const debug = (run: Run, what: () => string): Effect.Effect<void> => {
  if (!run.isDebug) return Effect.void
  const { installation, operation, path, request } = run.call
  const about = installation === undefined ? "" : `, installation ${installation}`
  return Effect.flatMap(Ref.get(run.progress), ({ attempts }) => {
    const attempt = attempts === 0 ? "" : `, attempt ${attempts}`
    return Effect.logDebug(`${operation}, ${request.method} ${path}${about}${attempt}: ${what()}`)
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Failures
// ---------------------------------------------------------------------------------------------------------------------

/** What errors and responses say of the call. */
export const infoOf = (run: Run): Effect.Effect<CallInfo> =>
  Effect.map(Ref.get(run.progress), ({ attempts }) => {
    const { idempotent, operation, page, path, request } = run.call
    const elapsed = Duration.millis(now(run) - run.started)
    const paged = page === undefined ? {} : { page }
    return { operation, method: request.method, path, ...paged, idempotent, attempts, elapsed }
  })

/** Fails with a reason that says of which call. */
export const failWith = (run: Run, reason: (info: CallInfo) => IcrReason): Effect.Effect<never, IcrError> =>
  Effect.flatMap(infoOf(run), (info) => Effect.fail(new IcrError({ reason: reason(info) })))

/** Fails since the time of an attempt or of the call is over. */
export const timedOut = (run: Run, of: "attempt" | "call"): Effect.Effect<never, IcrError> => {
  const { attemptTimeout, deadline } = run.settings
  const limit = Duration.millis(of === "call" ? deadline : attemptTimeout)
  return failWith(run, (info) => new Timeout({ ...info, of, limit }))
}

/** A request that cannot be sent is the caller's mistake; every other failure happened on the way. */
export const notAnswered = (run: Run, error: HttpClientError.HttpClientError): Effect.Effect<never, IcrError> =>
  failWith(run, (info) => {
    const { proxyVariable } = run.settings
    switch (error.reason._tag) {
      case "InvalidUrlError":
        return new InvalidRequest({ operation: info.operation, detail: "its URL is not valid" })
      case "EncodeError":
        return new InvalidRequest({ operation: info.operation, detail: "its body could not be encoded" })
      default:
        return new Transport({ ...info, ...classify(error), ...(proxyVariable === undefined ? {} : { proxyVariable }) })
    }
  })

/** The answer if it is a whole success or tells of no change, else the error that it stands for. */
export const judge = (run: Run, answer: Answer, credential: Redacted.Redacted): Effect.Effect<Answer, IcrError> => {
  const { bytes, status, truncated } = answer
  if (!isSuccess(answer) && !isNotModified(run.call.request, answer)) {
    return Effect.flatMap(run.settings.clock.now, (now) =>
      failWith(run, (info) => answerReason(answer, info, run.call, credential, now))
    )
  }
  const expected = `expected a body of at most ${bytes.length} bytes`
  return truncated
    ? failWith(run, (info) => new DecodeFailure({ ...info, status, at: "", expected }))
    : Effect.succeed(answer)
}
