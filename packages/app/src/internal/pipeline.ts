/**
 * A whole call: credential, attempts, refusals, retries, and one deadline that none of their waits outlives. Asks the
 * credential again on every attempt, so that a token renewed meanwhile reaches the repetition.
 */
import * as Arr from "effect/Array"
import { Clock } from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpTraceContext from "effect/http/HttpTraceContext"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type * as Tracer from "effect/Tracer"
import type { Credential, Presented } from "../Credential.ts"
import { DecodeFailure, type IcrError, InvalidRequest, Timeout, Transport, fail } from "../IcrError.ts"
import type { RetrySchedule } from "../RetryPolicy.ts"
import type * as ServerClock from "../ServerClock.ts"
import { type CallInfo, isRefusal, reasonOf, withTried } from "./answers.ts"
import type { RawAnswer } from "./attempt.ts"
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
export interface Options {
  readonly attempt: (
    request: HttpClientRequest.HttpClientRequest
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
  readonly attemptTimeout: number
  readonly deadline: number
}

/** What is made of an answer with a 2xx status and a whole body. */
export type Finish<A> = (answer: RawAnswer, info: CallInfo) => Effect.Effect<A, IcrError>

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

/** One pipeline for all calls of a layer. */
export const makePipeline = (options: Options): Pipeline => {
  const { attemptTimeout, budget, deadline, maxRetryAfter } = options

  const run = <A>(call: Call, finish: Finish<A>, span: Tracer.Span, clock: Clock) => {
    // Not the wall clock, which may be set while the call is under way.
    const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
    const started = now()
    let attempts = 0
    let refused: ReadonlyArray<Redacted.Redacted> = []
    let lastFailure: IcrError | undefined

    const info = (): CallInfo => ({
      operation: call.operation,
      method: call.request.method,
      path: call.path,
      repeatable: call.repeatable,
      attempts,
      elapsed: Duration.millis(now() - started)
    })
    const event = (name: string, attributes: Record<string, unknown>) =>
      span.event(name, clock.currentTimeNanosUnsafe(), attributes)

    const left = () => deadline - (now() - started)
    const timedOut = (of: "attempt" | "call") =>
      fail(new Timeout({ ...info(), of, limit: Duration.millis(of === "call" ? deadline : attemptTimeout) }))

    /** Ends a step at its own limit or at the deadline, whichever comes first. */
    const within = <B>(limit: number, step: Effect.Effect<B, IcrError>): Effect.Effect<B, IcrError> => {
      const rest = left()
      if (rest <= 0) return Effect.fail(timedOut("call"))
      const of = limit < rest ? "attempt" : "call"
      const over = Effect.flatMap(Effect.sleep(Math.min(limit, rest)), () => Effect.fail(timedOut(of)))
      return Effect.raceFirst(step, over)
    }

    const judge = Effect.fnUntraced(function* (
      answer: RawAnswer,
      token: Redacted.Redacted
    ): Effect.fn.Return<RawAnswer, IcrError> {
      const { bytes, headers, status, truncated } = answer
      if (truncated && status < 300) {
        const expected = `expected a body of at most ${bytes.length} bytes`
        return yield* fail(new DecodeFailure({ ...info(), status, at: "", expected }))
      }
      const secrets = [Redacted.value(token)]
      const said = { status, headers, text: text.decode(bytes), secrets }
      return yield* fail(reasonOf(said, info(), call, yield* options.clock.now))
    })

    const send = (value: Redacted.Redacted, target: Tracer.Span) => {
      const request = options.propagateTrace
        ? HttpClientRequest.setHeaders(call.request, HttpTraceContext.toHeaders(target))
        : call.request
      return options.attempt(HttpClientRequest.bearerToken(request, value)).pipe(
        Effect.mapError((error) => notAnswered(error, info())),
        Effect.flatMap((answer) => {
          span.attribute("http.response.status_code", answer.status)
          if (target !== span) target.attribute("http.response.status_code", answer.status)
          return answer.status >= 200 && answer.status < 300 && !answer.truncated
            ? Effect.succeed(answer)
            : judge(answer, value)
        })
      )
    }

    const attempt = ({ cache, value }: Presented): Effect.Effect<RawAnswer, IcrError> => {
      if (cache !== undefined) span.attribute("icr.token.cache", cache)
      const begun = Effect.suspend(() => {
        attempts++
        const sent = options.traceRequests
          ? options.observe.request(call, attempts - 1, (inner) => send(value, inner))
          : send(value, span)
        return within(attemptTimeout, sent)
      })
      return options.wait === undefined ? begun : Effect.andThen(within(Infinity, options.wait), begun)
    }

    const authorized = Effect.gen(function* () {
      while (true) {
        const presented = yield* within(Infinity, call.credential.get)
        const result = yield* Effect.result(attempt(presented))
        if (Result.isSuccess(result)) return result.success
        const error = result.failure
        lastFailure = error
        if (!isRefusal(error)) return yield* error
        const all = Arr.append(refused, presented.value)
        refused = all
        const { again, tried } = yield* within(
          Infinity,
          call.credential.onRefused({ error, refused: all, repeatable: call.repeatable })
        )
        if (!again) return yield* withTried(error, tried)
        event("credential refused", { "http.request.resend_count": attempts })
      }
    })

    /** Whether the schedule's next attempt is to be made. Last of all it takes from the budget. */
    const isWorthIt = (error: IcrError, delay: Duration.Duration): Effect.Effect<boolean> => {
      const asked = Option.match(error.retryAfter, { onNone: () => 0, onSome: Duration.toMillis })
      // Rather the reason now than the same failure, or a bare timeout, at the deadline.
      const isTooLong = asked > maxRetryAfter || Duration.toMillis(delay) >= left()
      // The credential's own failures have been repeated already, by the exchange.
      if (error !== lastFailure || !isTransient(error) || isTooLong) return Effect.succeed(false)
      return Effect.tap(budget.take, (taken) =>
        Effect.sync(() => {
          if (!taken) return
          event("retry", { "error.type": error.reason._tag, "http.request.resend_count": attempts })
        })
      )
    }

    const answered = call.repeatable
      ? Effect.retry(
          authorized,
          Schedule.while(options.schedule, ({ duration, input }) => isWorthIt(input, duration))
        )
      : authorized
    return Effect.flatMap(answered, (answer) =>
      Effect.andThen(
        budget.give,
        Effect.suspend(() => finish(answer, info()))
      )
    )
  }

  return (call, finish) =>
    options.observe.call(call, (span) => Effect.withFiber((fiber) => run(call, finish, span, fiber.getRef(Clock))))
}
