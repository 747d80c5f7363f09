/**
 * A whole call: a credential, one or more attempts with it, a refusal answered with another credential, retries, and one
 * deadline that no wait outlives. Each step is a function of the call under way; what changes meanwhile is in its `Progress`.
 */
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpTraceContext from "effect/http/HttpTraceContext"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import { invalidRequest } from "../../config/internal/validate.ts"
import { credentialText } from "../../domain/internal/credentialText.ts"
import type { IcrError } from "../../errors/IcrError.ts"
import { RateLimited } from "../../errors/IcrReason.ts"
import type { Presented } from "../Credential.ts"
import * as AskedWait from "./askedWait.ts"
import type { RetrySchedule } from "../RetryPolicy.ts"
import { type Answer, canRepeat } from "./request.ts"
import { isRefusal, isTransient, withTried } from "./responseError.ts"
import * as Run from "./run.ts"
import type { Call } from "./subject.ts"
import { type Span, annotate, event, monotonicMillis, traceCall, traced } from "./telemetry.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Attempts
// ---------------------------------------------------------------------------------------------------------------------

/** One request and its answer; `span` is the one that speaks for it. */
const sendOnce = (run: Run.Run, credential: Redacted.Redacted, span: Span): Effect.Effect<Answer, IcrError> => {
  const { call, settings } = run
  if (!credentialText.test(Redacted.value(credential))) {
    const detail = "its credential is empty or has a character that no header can carry"
    return Effect.fail(invalidRequest(call.operation, detail))
  }
  const request =
    settings.propagateTrace && Option.isSome(span)
      ? HttpClientRequest.setHeaders(call.request, HttpTraceContext.toHeaders(span.value))
      : call.request
  return settings.send(HttpClientRequest.bearerToken(request, credential), call.isExchange === true).pipe(
    Effect.matchEffect({
      onFailure: (error) => Run.notAnswered(run, error),
      onSuccess: (answer) =>
        Effect.andThen(
          annotate([run.span, span], "http.response.status_code", answer.status),
          Run.judge(run, answer, credential)
        )
    })
  )
}

/** Counts an attempt and makes it. */
const countedAttempt = (run: Run.Run, credential: Redacted.Redacted): Effect.Effect<Answer, IcrError> =>
  Effect.flatMap(
    Ref.getAndUpdate(run.progress, (now) => ({ ...now, attempts: now.attempts + 1, isUnderWay: true })),
    ({ attempts }) => {
      const { call, settings } = run
      if (!settings.traceRequests) return sendOnce(run, credential, run.span)
      const resends = { "http.request.resend_count": attempts }
      return traced(settings.telemetry, call.request.method, call, resends, (span) => sendOnce(run, credential, span))
    }
  )

/** Keeps what an attempt failed with, and what the registry asked for. The deadline is no failure of an attempt. */
const failed = Effect.fnUntraced(function* (run: Run.Run, error: IcrError, began: number) {
  const { reason } = error
  if (reason._tag === "Timeout" && reason.of === "call") {
    return yield* Ref.update(run.progress, (now) => ({ ...now, isOver: true }))
  }
  yield* Ref.update(run.progress, (now) => ({ ...now, lastFailure: error, isUnderWay: false }))
  yield* AskedWait.learn(run.askedWait, error)
  const kind = reason._tag === "Transport" ? ` ${reason.kind}` : ""
  const what = "status" in reason ? `answered ${reason.status}` : `failed with ${reason._tag}${kind}`
  yield* Run.debug(run, (now) => `${what} in ${Math.round(now - began)} ms`)
})

/**
 * Makes an attempt within its limit, or within what is left of the deadline, and notes how it ended. Nothing is sent once the
 * deadline is over: work that does not yield may have kept its timer from firing.
 */
const timedAttempt = (run: Run.Run, credential: Redacted.Redacted): Effect.Effect<Answer, IcrError> =>
  Effect.flatMap(monotonicMillis, (began) => {
    const { attemptTimeout } = run.settings
    const left = run.deadline - began
    const limited =
      left <= 0
        ? Run.timedOut(run, "call")
        : Effect.timeoutOrElse(countedAttempt(run, credential), {
            duration: Math.min(attemptTimeout, left),
            orElse: () => Run.timedOut(run, attemptTimeout < left ? "attempt" : "call")
          })
    return limited.pipe(
      Effect.tapError((error) => failed(run, error, began)),
      Effect.tap(({ status }) => Run.debug(run, (now) => `answered ${status} in ${Math.round(now - began)} ms`))
    )
  })

/** Waits for the rate limit, which a token exchange does not: the calls in front may be waiting for its token. */
const rateLimited = (run: Run.Run): Effect.Effect<void> => {
  const { rateLimit } = run.settings
  if (rateLimit === undefined || run.call.isExchange === true) return Effect.void
  return Effect.flatMap(Effect.timed(rateLimit), ([waited]) => {
    const millis = Math.round(Duration.toMillis(waited))
    return millis < 1 ? Effect.void : Run.debug(run, () => `waited ${millis} ms for the rate limit`)
  })
}

/** Makes an attempt with a credential, which is told when the registry accepted it. */
const attempt = (run: Run.Run, { cache, value }: Presented): Effect.Effect<Answer, IcrError> => {
  const { credential, path } = run.call
  const noted = cache === undefined ? Effect.void : annotate([run.span], "icr.token.cache", cache)
  return Effect.andThen(noted, rateLimited(run)).pipe(
    Effect.andThen(timedAttempt(run, value)),
    Effect.tap(() => credential.onAccepted?.(path) ?? Effect.void)
  )
}

/** Makes an attempt with the credential of now, and with another one as long as the credential sees hope after a refusal. */
const authorized = (run: Run.Run): Effect.Effect<Answer, IcrError> =>
  Effect.flatMap(run.call.credential.get, (presented) =>
    Effect.catchIf(attempt(run, presented), isRefusal, (error) => afterRefusal(run, error, presented.value))
  )

const afterRefusal = Effect.fnUntraced(function* (
  run: Run.Run,
  error: IcrError,
  credential: Redacted.Redacted
): Effect.fn.Return<Answer, IcrError> {
  const { call, progress, span } = run
  const { attempts, refused: before } = yield* Ref.get(progress)
  const refused = Arr.append(before, credential)
  yield* Ref.update(progress, (now) => ({ ...now, refused }))
  const isRepeatable = call.idempotent || canRepeat(call.request)
  const asked = yield* monotonicMillis
  const refusal = { error, refused, canRepeat: isRepeatable, path: call.path }
  const { again, tried } = yield* call.credential.onRefused(refusal)
  yield* Run.debug(run, (now) => {
    const next = again ? `asked for once more after ${Math.round(now - asked)} ms` : "nothing more to try"
    return `credential refused, ${next}`
  })
  if (!again) return yield* withTried(error, tried, isRepeatable || call.credential.isFixed === true)
  yield* event(span, "credential refused", { "http.request.resend_count": attempts })
  return yield* authorized(run)
})

// ---------------------------------------------------------------------------------------------------------------------
// Retries
// ---------------------------------------------------------------------------------------------------------------------

/** Takes one retry from the budget that all calls of a layer share: a registry in trouble must not be hammered. */
const takeRetry = Ref.modify((left: number) => (left >= 10 ? [true, left - 10] : [false, left]))

/** Gives a tenth of a retry back to the budget, after a success. */
const giveTenth = ({ budget, retryBudget }: Run.Settings) =>
  Ref.update(budget, (left) => Math.min(retryBudget * 10, left + 1))

/** Milliseconds that the registry asked to wait, this call or others of its kind. */
const askedFor = (run: Run.Run, { retryAfter }: IcrError) =>
  Effect.map(AskedWait.left(run.askedWait), (left) =>
    Math.max(0, left, Option.match(retryAfter, { onNone: () => 0, onSome: Duration.toMillis }))
  )

/** The schedule of the layer, whose waits are at least as long as the registry asked for. */
const scheduleOf = (run: Run.Run): RetrySchedule =>
  Schedule.modifyDelay(run.settings.schedule, ({ duration, input }) =>
    Effect.map(askedFor(run, input), (asked) => Duration.max(duration, Duration.millis(asked)))
  )

/** Whether to make the schedule's next attempt. Last of all it takes from the budget. */
const isWorthRetrying = Effect.fnUntraced(function* (run: Run.Run, error: IcrError, delay: Duration.Duration) {
  const { progress, settings, span } = run
  const { attempts, lastFailure } = yield* Ref.get(progress)
  // A credential that could not be had is not asked for again: its exchange has had retries of its own.
  if (error !== lastFailure || !isTransient(error)) return false
  const asked = yield* askedFor(run, error)
  // Rather the reason now than the same failure, or a bare timeout, at the deadline.
  if (asked > settings.maxRetryAfter || Duration.toMillis(delay) >= run.deadline - (yield* monotonicMillis))
    return false
  if (!(yield* takeRetry(settings.budget))) return false
  yield* Run.debug(run, () => `retrying in ${Math.round(Duration.toMillis(delay))} ms`)
  yield* event(span, "retry", { "error.type": error.reason._tag, "http.request.resend_count": attempts })
  return true
})

const retried = (run: Run.Run): Effect.Effect<Answer, IcrError> =>
  run.call.idempotent
    ? Effect.retry(
        authorized(run),
        Schedule.while(scheduleOf(run), ({ duration, input }) => isWorthRetrying(run, input, duration))
      )
    : authorized(run)

// ---------------------------------------------------------------------------------------------------------------------
// Calls
// ---------------------------------------------------------------------------------------------------------------------

/** Sends nothing while the registry has asked calls of this kind to wait. */
const unlessAskedToWait = (run: Run.Run): Effect.Effect<Answer, IcrError> =>
  Effect.flatMap(AskedWait.left(run.askedWait), (left) => {
    if (left <= 0) return retried(run)
    const retryAfter = Option.some(Duration.millis(left))
    return Effect.andThen(
      Run.debug(run, () => `not sent, since the registry asked to wait ${Math.ceil(left)} ms more`),
      Run.failWith(run, (info) => new RateLimited({ ...info, registryMessage: [], retryAfter }))
    )
  })

/**
 * The last failure says more than that the time is over, unless a write is on its way and may yet be done. A refusal by then may
 * have been healed by another credential, as it is where the request cannot be sent again.
 */
const outOfTime = (run: Run.Run): Effect.Effect<never, IcrError> =>
  Effect.flatMap(Ref.get(run.progress), ({ isUnderWay, lastFailure }) =>
    lastFailure === undefined || lastFailure.reason._tag === "Timeout" || (isUnderWay && !run.call.idempotent)
      ? Run.timedOut(run, "call")
      : Effect.fail(run.call.credential.isFixed === true ? lastFailure : withTried(lastFailure, "nothing", false))
  )

const withinDeadline = (run: Run.Run): Effect.Effect<Answer, IcrError> =>
  unlessAskedToWait(run).pipe(
    Effect.timeoutOrElse({ duration: run.settings.deadline, orElse: () => outOfTime(run) }),
    Effect.catch((error) =>
      Effect.flatMap(Ref.get(run.progress), ({ isOver }) => (isOver ? outOfTime(run) : Effect.fail(error)))
    )
  )

const untouched: Run.Progress = { attempts: 0, refused: [], lastFailure: undefined, isUnderWay: false, isOver: false }

/** Makes a call under a span of its own. */
export const makeCall = <A>(settings: Run.Settings, call: Call, finish: Run.Finish<A>): Effect.Effect<A, IcrError> => {
  const { prepare } = call.credential
  const made = traceCall(settings.telemetry, call, (span, started) =>
    Effect.flatMap(Ref.make(untouched), (progress) => {
      const askedWait = settings.askedWait[call.isExchange === true ? "exchanges" : "others"]
      const deadline = started + settings.deadline
      const run: Run.Run = { settings, call, span, started, deadline, progress, askedWait }
      return withinDeadline(run).pipe(
        Effect.tap(giveTenth(settings)),
        Effect.flatMap((answer) => Effect.flatMap(Run.infoOf(run), (info) => finish(answer, info)))
      )
    })
  )
  return prepare === undefined ? made : Effect.andThen(prepare, made)
}
