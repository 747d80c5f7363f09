/**
 * A whole call: credential, attempts, refusals, retries, and one deadline that none of their waits outlives. Asks the
 * credential again on every attempt, so that a token renewed meanwhile reaches the repetition.
 */
import * as Arr from "effect/Array"
import type { Clock } from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpTraceContext from "effect/http/HttpTraceContext"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Tracer from "effect/Tracer"
import type { Credential, Presented } from "../Credential.ts"
import { DecodeFailure, type IcrError, InvalidRequest, Timeout, Transport, fail } from "../IcrError.ts"
import type { RetrySchedule } from "../RetryPolicy.ts"
import type * as ServerClock from "../ServerClock.ts"
import { type CallInfo, isRefusal, reasonOf, withTried } from "./answers.ts"
import type { RawAnswer } from "./attempt.ts"
import { Limited, type Limits } from "./limits.ts"
import { type Budget, isTransient } from "./retry.ts"
import type { Observe } from "./telemetry.ts"
import { classify } from "./transport.ts"

/** A request that is ready but for its credential. */
export interface Call {
  readonly operation: string
  readonly path: string
  readonly request: HttpClientRequest.HttpClientRequest
  readonly credential: Credential
  readonly repeatable: boolean
  readonly installation: string | undefined
  readonly notFound: string | undefined
  readonly isExchange: boolean
}

/** What all calls of a layer share. Times in milliseconds. */
export interface Options extends Limits {
  readonly attempt: (
    request: HttpClientRequest.HttpClientRequest,
    clock: Clock
  ) => Effect.Effect<RawAnswer, HttpClientError.HttpClientError>
  readonly clock: ServerClock.Service
  readonly observe: Observe
  readonly schedule: RetrySchedule
  readonly budget: Budget
  /** Returns when a request may go out; absent without a rate limit. */
  readonly wait: Effect.Effect<void> | undefined
  /** Open a span for each request under the call's own. */
  readonly traceRequests: boolean
  /** Send `traceparent` and `b3` to the registry. */
  readonly propagateTrace: boolean
  readonly maxRetryAfter: number
}

/** What is made of an answer with a 2xx status and a whole body. */
export type Finish<A> = (answer: RawAnswer, info: () => CallInfo) => Effect.Effect<A, IcrError>

/** Runs calls. */
export type Pipeline = <A>(call: Call, finish: Finish<A>) => Effect.Effect<A, IcrError>

const text = new TextDecoder()

/** A request that cannot be sent is the caller's mistake; everything else happened on the way. */
const notAnswered = (error: HttpClientError.HttpClientError, info: CallInfo): IcrError => {
  switch (error.reason._tag) {
    case "InvalidUrlError":
      return fail(new InvalidRequest({ operation: info.operation, detail: "its URL is not valid" }))
    case "EncodeError":
      return fail(new InvalidRequest({ operation: info.operation, detail: "its body could not be encoded" }))
    default:
      return fail(new Transport({ ...info, ...classify(error) }))
  }
}

/**
 * One call under way. A class, and few functions within functions, since a call that succeeds at once is to cost little more
 * than its request.
 */
class Run extends Limited<Options> {
  readonly call: Call
  /** Absent when nobody traces. */
  readonly span: Tracer.Span | undefined
  attempts = 0
  /** The credential of the attempt under way. */
  sent: Redacted.Redacted | undefined
  refused: ReadonlyArray<Redacted.Redacted> = []
  lastFailure: IcrError | undefined

  constructor(options: Options, call: Call, span: Tracer.Span | undefined, clock: Clock, started: number) {
    super(options, clock, started)
    this.call = call
    this.span = span
  }

  info(): CallInfo {
    return {
      operation: this.call.operation,
      method: this.call.request.method,
      path: this.call.path,
      repeatable: this.call.repeatable,
      attempts: this.attempts,
      elapsed: Duration.millis(this.now() - this.started)
    }
  }

  event(name: string, attributes: Record<string, unknown>): void {
    this.span?.event(name, this.clock.currentTimeNanosUnsafe(), attributes)
  }

  timedOut(of: "attempt" | "call"): IcrError {
    const limit = Duration.millis(of === "call" ? this.options.deadline : this.options.attemptTimeout)
    return fail(new Timeout({ ...this.info(), of, limit }))
  }

  /** The error that an answer stands for, when it is no success. */
  judge({ bytes, headers, status, truncated }: RawAnswer, token: Redacted.Redacted): Effect.Effect<never, IcrError> {
    if (truncated && status < 300) {
      const expected = `expected a body of at most ${bytes.length} bytes`
      return Effect.fail(fail(new DecodeFailure({ ...this.info(), status, at: "", expected })))
    }
    const said = { status, headers, text: text.decode(bytes), secrets: [Redacted.value(token)] }
    return Effect.flatMap(this.options.clock.now, (now) =>
      Effect.fail(fail(reasonOf(said, this.info(), this.call, now)))
    )
  }

  /** One request; `target` is the span that speaks for it. */
  send(value: Redacted.Redacted, target: Tracer.Span | undefined): Effect.Effect<RawAnswer, IcrError> {
    const request =
      this.options.propagateTrace && target !== undefined
        ? HttpClientRequest.setHeaders(this.call.request, HttpTraceContext.toHeaders(target))
        : this.call.request
    return Effect.matchEffect(this.options.attempt(HttpClientRequest.bearerToken(request, value), this.clock), {
      onFailure: (error) => Effect.fail(notAnswered(error, this.info())),
      onSuccess: (answer) => {
        this.span?.attribute("http.response.status_code", answer.status)
        if (target !== this.span) target?.attribute("http.response.status_code", answer.status)
        return answer.status >= 200 && answer.status < 300 && !answer.truncated
          ? Effect.succeed(answer)
          : this.judge(answer, value)
      }
    })
  }

  begin(value: Redacted.Redacted): Effect.Effect<RawAnswer, IcrError> {
    const { observe, traceRequests } = this.options
    // The credential, or the turn that came late, may have used up all the time without letting the timer have its say.
    if (!this.beginAttempt()) return Effect.fail(this.timedOut("call"))
    const resends = this.attempts++
    return traceRequests
      ? observe.request(this.call, resends, (inner) => this.send(value, inner))
      : this.send(value, this.span)
  }

  attempt({ cache, value }: Presented): Effect.Effect<RawAnswer, IcrError> {
    this.sent = value
    if (cache !== undefined) this.span?.attribute("icr.token.cache", cache)
    const { wait } = this.options
    return wait === undefined ? this.begin(value) : Effect.flatMap(wait, () => this.begin(value))
  }

  /** With a credential, and with another one for as long as the one before was refused and there is hope. */
  authorized(): Effect.Effect<RawAnswer, IcrError> {
    return Effect.catch(this.presented(), (error) => this.orAgain(error))
  }

  /** One attempt with the credential of now. */
  presented(): Effect.Effect<RawAnswer, IcrError> {
    this.sent = undefined
    return this.inTime(() => Effect.flatMap(this.call.credential.get, (presented) => this.attempt(presented)))
  }

  orAgain(error: IcrError): Effect.Effect<RawAnswer, IcrError> {
    // The credential's own failures have been repeated already, by the exchange.
    if (this.sent === undefined) return Effect.fail(error)
    this.lastFailure = error
    return isRefusal(error) ? this.afterRefusal(error, this.sent) : Effect.fail(error)
  }

  afterRefusal(error: IcrError, value: Redacted.Redacted): Effect.Effect<RawAnswer, IcrError> {
    const refused = Arr.append(this.refused, value)
    this.refused = refused
    const { credential, repeatable } = this.call
    return Effect.flatMap(
      this.inTime(() => credential.onRefused({ error, refused, repeatable })),
      ({ again, tried }) => {
        if (!again) return Effect.fail(withTried(error, tried))
        this.event("credential refused", { "http.request.resend_count": this.attempts })
        return this.authorized()
      }
    )
  }

  /** Goes on after a first failure: a call that succeeds at once needs no schedule. */
  afterFailure(first: IcrError): Effect.Effect<RawAnswer, IcrError> {
    let failure: IcrError | undefined = first
    const repeated = Effect.suspend(() => {
      if (failure === undefined) return this.authorized()
      const known = failure
      failure = undefined
      return Effect.fail(known)
    })
    return Effect.retry(
      repeated,
      Schedule.while(this.options.schedule, ({ duration, input }) => this.isWorthIt(input, duration))
    )
  }

  /** Whether the schedule's next attempt is to be made. Last of all it takes from the budget. */
  isWorthIt(error: IcrError, delay: Duration.Duration): Effect.Effect<boolean> {
    const { budget, maxRetryAfter } = this.options
    const asked = Option.match(error.retryAfter, { onNone: () => 0, onSome: Duration.toMillis })
    // Rather the reason now than the same failure, or a bare timeout, at the deadline.
    const isTooLong = asked > maxRetryAfter || Duration.toMillis(delay) >= this.left()
    if (error !== this.lastFailure || !isTransient(error) || isTooLong) return Effect.succeed(false)
    return Effect.tap(budget.take, (taken) =>
      Effect.sync(() => {
        if (!taken) return
        this.event("retry", { "error.type": error.reason._tag, "http.request.resend_count": this.attempts })
      })
    )
  }

  answered(): Effect.Effect<RawAnswer, IcrError> {
    return Effect.catch(this.presented(), (error) => {
      const again = this.orAgain(error)
      return this.call.repeatable ? Effect.catch(again, (error) => this.afterFailure(error)) : again
    })
  }
}

/** One pipeline for all calls of a layer. */
export const makePipeline =
  (options: Options): Pipeline =>
  (call, finish) =>
    options.observe.call(call, (span, clock, started) => {
      const run = new Run(options, call, span, clock, started)
      return Effect.flatMap(run.answered(), (answer) => {
        options.budget.give()
        return finish(answer, () => run.info())
      })
    })
