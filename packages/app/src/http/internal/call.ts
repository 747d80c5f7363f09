/**
 * A whole call: a credential, one or more attempts with it, a refusal answered with another credential, retries, and one
 * deadline that no wait outlives. Each step is a function of the call under way; what changes meanwhile is in its `Progress`.
 */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpTraceContext from "effect/http/HttpTraceContext"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import { monotonicMillis } from "../../clock/internal/elapsedTime.ts"
import { invalidRequest } from "../../config/internal/validate.ts"
import { credentialText } from "../../domain/internal/credentialText.ts"
import type { IcrError } from "../../errors/IcrError.ts"
import { RateLimited } from "../../errors/IcrReason.ts"
import type { Presented } from "../Credential.ts"
import * as AskedWait from "./askedWait.ts"
import { type Answer, canRepeat } from "./request.ts"
import { isRefusal, isTransient, withTried } from "./responseError.ts"
import * as Run from "./run.ts"
import type { Call } from "./subject.ts"
import { type Span, event, traceCall, traced } from "./telemetry.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Attempts
// ---------------------------------------------------------------------------------------------------------------------

/** Sends one request and reads its answer; `span` records it. */
const sendOnce = (run: Run.Run, credential: Redacted.Redacted, span: Span): Effect.Effect<Answer, IcrError> => {
  const { call, settings } = run
  const request =
    settings.propagateTrace && span !== undefined
      ? HttpClientRequest.setHeaders(call.request, HttpTraceContext.toHeaders(span))
      : call.request
  return Effect.matchEffect(
    settings.send(HttpClientRequest.bearerToken(request, credential), call.isExchange === true),
    {
      onFailure: (error) => Run.notAnswered(run, error),
      onSuccess: (answer) => {
        run.span?.attribute("http.response.status_code", answer.status)
        span?.attribute("http.response.status_code", answer.status)
        return Run.judge(run, answer, credential)
      }
    }
  )
}

/** Counts an attempt and makes it. */
const countedAttempt = (run: Run.Run, credential: Redacted.Redacted): Effect.Effect<Answer, IcrError> =>
  Effect.flatMap(
    Ref.getAndUpdate(run.progress, (before) => ({ ...before, attempts: before.attempts + 1, isUnderWay: true })),
    ({ attempts }) => {
      const { call, settings } = run
      if (!settings.traceRequests) return sendOnce(run, credential, run.span)
      const resends = { "http.request.resend_count": attempts }
      return traced(settings.telemetry, call.request.method, call, resends, (span) => sendOnce(run, credential, span))
    }
  )

const outcomeOf = ({ reason }: IcrError) => {
  if ("status" in reason) return `answered ${reason.status}`
  return `failed with ${reason._tag}${reason._tag === "Transport" ? ` ${reason.kind}` : ""}`
}

/**
 * Makes an attempt within its limit, and notes how it ended. Sends nothing once the deadline is over. It then waits for the
 * call's timer, which is late when synchronous work blocked it.
 */
const timedAttempt = (run: Run.Run, credential: Redacted.Redacted): Effect.Effect<Answer, IcrError> => {
  const { attemptTimeout } = run.settings
  const began = Run.now(run)
  const left = run.deadline - began
  if (left <= 0) return Effect.never
  const took = () => `in ${Math.round(Run.now(run) - began)} ms`
  const made = countedAttempt(run, credential)
  const limited =
    left <= attemptTimeout
      ? made
      : Effect.timeoutOrElse(made, { duration: attemptTimeout, orElse: () => Run.timedOut(run, "attempt") })
  return Effect.matchEffect(limited, {
    onFailure: (error) =>
      Ref.update(run.progress, (before) => ({ ...before, lastFailure: error, isUnderWay: false })).pipe(
        Effect.andThen(AskedWait.learn(run.askedWait, error, Run.now(run))),
        Effect.andThen(Run.debug(run, () => `${outcomeOf(error)} ${took()}`)),
        Effect.andThen(Effect.fail(error))
      ),
    onSuccess: (answer) =>
      Effect.as(
        Run.debug(run, () => `answered ${answer.status} ${took()}`),
        answer
      )
  })
}

/** Does what a call has to wait for, and logs how long that took. */
const waited = <A, E>(run: Run.Run, what: string, self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  run.isDebug
    ? Effect.flatMap(Effect.timed(self), ([duration, value]) => {
        const millis = Math.round(Duration.toMillis(duration))
        return Effect.as(millis < 1 ? Effect.void : Run.debug(run, () => `waited ${millis} ms for ${what}`), value)
      })
    : self

/** Milliseconds for which the registry asked calls of this kind to send nothing; 0 or less when a request may go out. */
const waitLeft = (run: Run.Run) => Effect.map(Ref.get(run.askedWait), (until) => until - Run.now(run))

const notSent = (run: Run.Run, left: number) =>
  Effect.andThen(
    Run.debug(run, () => `not sent, since the registry asked to wait ${Math.ceil(left)} ms more`),
    Run.failWith(
      run,
      (info) => new RateLimited({ ...info, registryMessage: [], retryAfter: Option.some(Duration.millis(left)) })
    )
  )

/** Waits for what the registry has asked other calls meanwhile, as long as this one can wait, before it sends. */
const afterAskedWait = (run: Run.Run, self: () => Effect.Effect<Answer, IcrError>): Effect.Effect<Answer, IcrError> =>
  Effect.flatMap(waitLeft(run), (left) => {
    if (left <= 0) return self()
    if (left > run.settings.maxRetryAfter || left >= run.deadline - Run.now(run)) return notSent(run, left)
    return Effect.andThen(
      waited(run, "the registry, which asked for it", Effect.sleep(left)),
      afterAskedWait(run, self)
    )
  })

/** The rate limit of a call. A token exchange has none: the calls ahead of it may be waiting for its token. */
const rateLimited = ({ call, settings }: Run.Run) =>
  settings.rateLimit === undefined || call.isExchange === true ? undefined : settings.rateLimit

/** Makes an attempt with a credential, which is told when the registry accepted it. */
const attempt = (run: Run.Run, { cache, value }: Presented): Effect.Effect<Answer, IcrError> => {
  const { credential, path } = run.call
  if (cache !== undefined) run.span?.attribute("icr.token.cache", cache)
  const limit = rateLimited(run)
  const sent = afterAskedWait(run, () => timedAttempt(run, value))
  const made = limit === undefined ? sent : Effect.andThen(waited(run, "the rate limit", limit), sent)
  return credential.onAccepted === undefined
    ? made
    : Effect.tap(made, () => credential.onAccepted?.(path) ?? Effect.void)
}

/** Whether a header can carry it. Custom credentials may be plain JavaScript's. */
const isSendable = (presented: unknown): boolean => {
  if (!Predicate.hasProperty(presented, "value") || !Redacted.isRedacted(presented.value)) return false
  const text = Redacted.value(presented.value)
  return Predicate.isString(text) && credentialText.test(text)
}

/** Makes an attempt with the present credential, and after a refusal with another one, as long as `onRefused` says so. */
const authorized = (run: Run.Run): Effect.Effect<Answer, IcrError> => {
  const { credential, isExchange, operation } = run.call
  return Effect.flatMap(waited(run, isExchange === true ? "its turn" : "its credential", credential.get), (presented) =>
    isSendable(presented)
      ? Effect.catchIf(attempt(run, presented), isRefusal, (error) => afterRefusal(run, error, presented.value))
      : Effect.fail(invalidRequest(operation, "its credential is no Redacted text that a header can carry"))
  )
}

const afterRefusal = Effect.fnUntraced(function* (
  run: Run.Run,
  error: IcrError,
  credential: Redacted.Redacted
): Effect.fn.Return<Answer, IcrError> {
  const { call, progress, span } = run
  const { attempts, refused: before } = yield* Ref.get(progress)
  const refused = Arr.append(before, credential)
  yield* Ref.update(progress, (before) => ({ ...before, refused }))
  const canBeSentAgain = call.idempotent || canRepeat(call.request)
  const asked = Run.now(run)
  const refusal = { error, refused, canRepeat: canBeSentAgain, path: call.path }
  const { again, tried } = yield* call.credential.onRefused(refusal)
  yield* Run.debug(run, () => {
    const next = again ? `asked for once more after ${Math.round(Run.now(run) - asked)} ms` : "nothing more to try"
    return `credential refused, ${next}`
  })
  if (!again) return yield* withTried(error, tried, canBeSentAgain || call.credential.isFixed === true)
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
const askedFor = (run: Run.Run, error: IcrError) =>
  Effect.map(waitLeft(run), (left) => Math.max(left, AskedWait.askedBy(error)))

/** Whether to make the schedule's next attempt. If nothing else speaks against it, takes a retry from the budget. */
const isWorthRetrying = Effect.fnUntraced(function* (run: Run.Run, error: IcrError, delay: Duration.Duration) {
  const { progress, settings, span } = run
  const { attempts, lastFailure } = yield* Ref.get(progress)
  // A failure to get the credential is not retried: its exchange has had retries of its own.
  if (error !== lastFailure || !isTransient(error)) return false
  // Fail with the reason now rather than with the same failure, or a bare timeout, at the deadline.
  const millis = Duration.toMillis(delay)
  if ((yield* askedFor(run, error)) > settings.maxRetryAfter || millis >= run.deadline - Run.now(run)) return false
  if (!(yield* takeRetry(settings.budget))) return false
  yield* Run.debug(run, () => `retrying in ${Math.round(millis)} ms`)
  yield* event(span, "retry", { "error.type": error.reason._tag, "http.request.resend_count": attempts })
  return true
})

/** The schedule of the layer, whose waits are at least as long as the registry asked for. */
const scheduleOf = (run: Run.Run) =>
  Schedule.modifyDelay(run.settings.schedule, ({ duration, input }) =>
    Effect.map(askedFor(run, input), (asked) => Duration.max(duration, Duration.millis(asked)))
  ).pipe(Schedule.while(({ duration, input }) => isWorthRetrying(run, input, duration)))

const retried = (run: Run.Run): Effect.Effect<Answer, IcrError> =>
  run.call.idempotent ? Effect.retry(authorized(run), scheduleOf(run)) : authorized(run)

// ---------------------------------------------------------------------------------------------------------------------
// Calls
// ---------------------------------------------------------------------------------------------------------------------

/** Sends nothing while the registry has asked calls of this kind to wait. */
const unlessAskedToWait = (run: Run.Run): Effect.Effect<Answer, IcrError> =>
  Effect.flatMap(waitLeft(run), (left) => (left <= 0 ? retried(run) : notSent(run, left)))

/**
 * Fails with the last failure, which says more than a timeout, unless a write is on its way and may yet be done. If the time
 * ends during a refusal, another credential might still have worked, so the error is marked as one that may be repeated.
 */
const outOfTime = (run: Run.Run): Effect.Effect<never, IcrError> =>
  Effect.flatMap(Ref.get(run.progress), ({ isUnderWay, lastFailure }) =>
    lastFailure === undefined || lastFailure.reason._tag === "Timeout" || (isUnderWay && !run.call.idempotent)
      ? Run.timedOut(run, "call")
      : Effect.fail(run.call.credential.isFixed === true ? lastFailure : withTried(lastFailure, "nothing", false))
  )

const untouched: Run.Progress = { attempts: 0, refused: [], lastFailure: undefined, isUnderWay: false }

/** Makes a call under a span of its own. */
export const makeCall = <A>(settings: Run.Settings, call: Call, finish: Run.Finish<A>): Effect.Effect<A, IcrError> => {
  const askedWait = settings.askedWait[call.isExchange === true ? "exchanges" : "others"]
  const made = traceCall(settings.telemetry, call, (span, context) =>
    Effect.flatMap(Effect.zip(Ref.make(untouched), LogLevel.isEnabled("Debug")), ([progress, isDebug]) => {
      const clock = Context.get(context, Clock.Clock)
      const started = monotonicMillis(clock)
      const deadline = started + settings.deadline
      const run: Run.Run = { settings, call, span, clock, isDebug, started, deadline, progress, askedWait }
      const limit = { duration: settings.deadline, orElse: () => outOfTime(run) }
      return Effect.flatMap(Effect.timeoutOrElse(unlessAskedToWait(run), limit), (answer) =>
        Effect.flatMap(Effect.andThen(giveTenth(settings), Run.infoOf(run)), (info) => finish(answer, info))
      )
    })
  )
  return call.credential.prepare === undefined ? made : Effect.andThen(call.credential.prepare, made)
}
