/**
 * A whole call: a credential, one or more attempts with it, a refusal answered with another credential, retries, and one
 * deadline that no wait outlives. Each step is a function of the call under way; what changes meanwhile is in its `Progress`.
 */
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpTraceContext from "effect/http/HttpTraceContext"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type * as ServerClock from "../../clock/ServerClock.ts"
import { IcrError } from "../../errors/IcrError.ts"
import { DecodeFailure, type IcrReason, InvalidRequest, Timeout, Transport } from "../../errors/IcrReason.ts"
import type { Credential, Presented } from "../Credential.ts"
import type { RetrySchedule } from "../RetryPolicy.ts"
import type { CallInfo } from "./bufferedResponse.ts"
import { type Answer, type Send, isSuccess } from "./request.ts"
import { answerReason, isRefusal, isTransient, withTried } from "./responseError.ts"
import { type Span, type Telemetry, annotate, event, monotonicMillis, traceCall, traceRequest } from "./telemetry.ts"
import { classify } from "./transportError.ts"

/** What a call is for, whatever its request. */
export interface Subject {
  /** The public operation this is for, such as `IcrApp.installation`; names the span and stands in errors. */
  readonly operation: string
  /** With `{placeholders}`, such as `/app/installations/{installationId}`. */
  readonly path: string
  readonly credential: Credential
  /** Whether sending it twice does no harm. Only such requests are retried. */
  readonly idempotent: boolean
  /** A token exchange never waits for the rate limit, since the calls that do may be waiting for it. Default false. */
  readonly isExchange?: boolean | undefined
  /** The installation the call is about, for errors and spans. */
  readonly installation?: string | undefined
  /** The id whose absence a 404 means, when it means that there is no such installation. */
  readonly notFound?: string | undefined
}

/** A request that is ready but for its credential. */
export interface Call extends Subject {
  readonly request: HttpClientRequest.HttpClientRequest
}

/** What all calls of a layer share. Times in milliseconds. */
export interface Settings {
  readonly send: Send
  readonly clock: ServerClock.Service
  readonly schedule: RetrySchedule
  /** What is left of the retries that all calls share, in tenths of a retry: ten times 0.1 is less than 1. */
  readonly budget: Ref.Ref<number>
  readonly retryBudget: number
  /** Returns when a request may go out. */
  readonly rateLimit: Effect.Effect<void>
  readonly telemetry: Telemetry
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
interface Progress {
  readonly attempts: number
  /** Every credential it was refused with. */
  readonly refused: ReadonlyArray<Redacted.Redacted>
  /** The failure of its latest attempt. A failure to get a credential is none. */
  readonly lastFailure: IcrError | undefined
}

/** A call under way. */
interface Run {
  readonly settings: Settings
  readonly call: Call
  readonly span: Span
  readonly started: number
  readonly progress: Ref.Ref<Progress>
}

// ---------------------------------------------------------------------------------------------------------------------
// Failures
// ---------------------------------------------------------------------------------------------------------------------

const infoOf = ({ call, progress, started }: Run): Effect.Effect<CallInfo> =>
  Effect.zipWith(Ref.get(progress), monotonicMillis, ({ attempts }, now) => ({
    operation: call.operation,
    method: call.request.method,
    path: call.path,
    idempotent: call.idempotent,
    attempts,
    elapsed: Duration.millis(now - started)
  }))

const failWith = (run: Run, reason: (info: CallInfo) => IcrReason): Effect.Effect<never, IcrError> =>
  Effect.flatMap(infoOf(run), (info) => Effect.fail(new IcrError({ reason: reason(info) })))

const timedOut = (run: Run, of: "attempt" | "call") => {
  const { attemptTimeout, deadline } = run.settings
  const limit = Duration.millis(of === "call" ? deadline : attemptTimeout)
  return failWith(run, (info) => new Timeout({ ...info, of, limit }))
}

/** A request that cannot be sent is the caller's mistake; every other failure happened on the way. */
const notAnswered = (run: Run, error: HttpClientError.HttpClientError) =>
  failWith(run, (info) => {
    switch (error.reason._tag) {
      case "InvalidUrlError":
        return new InvalidRequest({ operation: info.operation, detail: "its URL is not valid" })
      case "EncodeError":
        return new InvalidRequest({ operation: info.operation, detail: "its body could not be encoded" })
      default:
        return new Transport({ ...info, ...classify(error) })
    }
  })

/** The answer if it is a whole success, else the error that it stands for. */
const judge = (run: Run, answer: Answer, credential: Redacted.Redacted): Effect.Effect<Answer, IcrError> => {
  const { bytes, status, truncated } = answer
  if (!isSuccess(answer)) {
    return Effect.flatMap(run.settings.clock.now, (now) =>
      failWith(run, (info) => answerReason(answer, info, run.call, credential, now))
    )
  }
  const expected = `expected a body of at most ${bytes.length} bytes`
  return truncated
    ? failWith(run, (info) => new DecodeFailure({ ...info, status, at: "", expected }))
    : Effect.succeed(answer)
}

// ---------------------------------------------------------------------------------------------------------------------
// Attempts
// ---------------------------------------------------------------------------------------------------------------------

const timeLeft = ({ settings, started }: Run) => Effect.map(monotonicMillis, (now) => started + settings.deadline - now)

/** One request and its answer; `span` is the one that speaks for it. */
const sendOnce = (run: Run, credential: Redacted.Redacted, span: Span): Effect.Effect<Answer, IcrError> => {
  const { call, settings } = run
  const traced =
    settings.propagateTrace && Option.isSome(span)
      ? HttpClientRequest.setHeaders(call.request, HttpTraceContext.toHeaders(span.value))
      : call.request
  return Effect.matchEffect(settings.send(HttpClientRequest.bearerToken(traced, credential)), {
    onFailure: (error) => notAnswered(run, error),
    onSuccess: (answer) =>
      Effect.andThen(
        annotate([run.span, span], "http.response.status_code", answer.status),
        judge(run, answer, credential)
      )
  })
}

/** Counts an attempt and makes it. */
const countedAttempt = (run: Run, credential: Redacted.Redacted): Effect.Effect<Answer, IcrError> =>
  Effect.flatMap(
    Ref.modify(run.progress, (progress) => [progress.attempts, { ...progress, attempts: progress.attempts + 1 }]),
    (resends) =>
      Effect.andThen(
        Effect.logDebug(`${run.call.operation}: attempt ${resends + 1}, ${run.call.request.method} ${run.call.path}`),
        run.settings.traceRequests
          ? traceRequest(run.settings.telemetry, run.call, resends, (span) => sendOnce(run, credential, span))
          : sendOnce(run, credential, run.span)
      )
  )

/**
 * Makes an attempt within its limit, or within what is left of the deadline. Nothing is sent once the deadline is over: work
 * that does not yield may have kept its timer from firing.
 */
const timedAttempt = (run: Run, credential: Redacted.Redacted): Effect.Effect<Answer, IcrError> =>
  Effect.flatMap(timeLeft(run), (left) => {
    const { attemptTimeout } = run.settings
    return left <= 0
      ? timedOut(run, "call")
      : Effect.timeoutOrElse(countedAttempt(run, credential), {
          duration: Math.min(attemptTimeout, left),
          orElse: () => timedOut(run, attemptTimeout < left ? "attempt" : "call")
        })
  })

/** Waits for the rate limit, which a token exchange does not: the calls in front may be waiting for its token. */
const attempt = (run: Run, { cache, value }: Presented): Effect.Effect<Answer, IcrError> => {
  const { call, progress, settings, span } = run
  return (cache === undefined ? Effect.void : annotate([span], "icr.token.cache", cache)).pipe(
    Effect.andThen(call.isExchange === true ? Effect.void : settings.rateLimit),
    Effect.andThen(timedAttempt(run, value)),
    Effect.tapError((lastFailure) => Ref.update(progress, (now) => ({ ...now, lastFailure })))
  )
}

/** Tells the credential that the registry accepted it. */
const accepted = ({ call: { credential, path } }: Run, attempt: Effect.Effect<Answer, IcrError>) => {
  const { onAccepted } = credential
  return onAccepted === undefined ? attempt : Effect.tap(attempt, () => onAccepted(path))
}

/** Makes an attempt with the credential of now, and with another one as long as the credential sees hope after a refusal. */
const authorized = (run: Run): Effect.Effect<Answer, IcrError> =>
  Effect.flatMap(run.call.credential.get, (presented) =>
    Effect.catchIf(accepted(run, attempt(run, presented)), isRefusal, (error) =>
      afterRefusal(run, error, presented.value)
    )
  )

const afterRefusal = Effect.fnUntraced(function* (
  run: Run,
  error: IcrError,
  credential: Redacted.Redacted
): Effect.fn.Return<Answer, IcrError> {
  const { call, progress, span } = run
  const refused = Arr.append((yield* Ref.get(progress)).refused, credential)
  yield* Ref.update(progress, (now) => ({ ...now, refused }))
  const { again, tried } = yield* call.credential.onRefused({
    error,
    refused,
    canRepeat: call.idempotent,
    path: call.path
  })
  if (!again) return yield* withTried(error, tried)
  const { attempts } = yield* Ref.get(progress)
  yield* Effect.logDebug(`${call.operation}: the credential was refused; asking for it once more`)
  yield* event(span, "credential refused", { "http.request.resend_count": attempts })
  return yield* authorized(run)
})

// ---------------------------------------------------------------------------------------------------------------------
// Retries
// ---------------------------------------------------------------------------------------------------------------------

/** Takes one retry from the budget that all calls of a layer share: a registry in trouble must not be hammered. */
const takeRetry = Ref.modify((left: number) => (left >= 10 ? [true, left - 10] : [false, left]))

/** Gives a tenth of a retry back to the budget, after a success. */
const giveTenth = ({ budget, retryBudget }: Settings) =>
  Ref.update(budget, (left) => Math.min(retryBudget * 10, left + 1))

/** A schedule that waits at least as long as the registry asked for. */
export const atLeastRetryAfter: (schedule: RetrySchedule) => RetrySchedule = Schedule.modifyDelay(
  ({ duration, input }) =>
    Effect.succeed(
      Option.match(input.retryAfter, { onNone: () => duration, onSome: (asked) => Duration.max(duration, asked) })
    )
)

/** Whether to make the schedule's next attempt. Last of all it takes from the budget. */
const isWorthRetrying = Effect.fnUntraced(function* (run: Run, error: IcrError, delay: Duration.Duration) {
  const { progress, settings, span } = run
  const { attempts, lastFailure } = yield* Ref.get(progress)
  // A credential that could not be had is not asked for again: its exchange has had retries of its own.
  if (error !== lastFailure || !isTransient(error)) return false
  const asked = Option.match(error.retryAfter, { onNone: () => 0, onSome: Duration.toMillis })
  // Rather the reason now than the same failure, or a bare timeout, at the deadline.
  if (asked > settings.maxRetryAfter || Duration.toMillis(delay) >= (yield* timeLeft(run))) return false
  if (!(yield* takeRetry(settings.budget))) return false
  yield* Effect.logDebug(`${error.message} Retrying in ${Duration.format(delay)}`)
  yield* event(span, "retry", { "error.type": error.reason._tag, "http.request.resend_count": attempts })
  return true
})

const retried = (run: Run): Effect.Effect<Answer, IcrError> =>
  run.call.idempotent
    ? Effect.retry(
        authorized(run),
        Schedule.while(run.settings.schedule, ({ duration, input }) => isWorthRetrying(run, input, duration))
      )
    : authorized(run)

// ---------------------------------------------------------------------------------------------------------------------
// Calls
// ---------------------------------------------------------------------------------------------------------------------

const withinDeadline = (run: Run): Effect.Effect<Answer, IcrError> =>
  Effect.timeoutOrElse(retried(run), { duration: run.settings.deadline, orElse: () => timedOut(run, "call") })

const untouched: Progress = { attempts: 0, refused: [], lastFailure: undefined }

/** Makes a call under a span of its own. */
export const makeCall = <A>(settings: Settings, call: Call, finish: Finish<A>): Effect.Effect<A, IcrError> =>
  traceCall(settings.telemetry, call, (span, started) =>
    Effect.flatMap(Ref.make(untouched), (progress) => {
      const run: Run = { settings, call, span, started, progress }
      return withinDeadline(run).pipe(
        Effect.tap(giveTenth(settings)),
        Effect.flatMap((answer) => Effect.flatMap(infoOf(run), (info) => finish(answer, info)))
      )
    })
  )
