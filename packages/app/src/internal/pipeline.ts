/**
 * A whole call: credential, attempts, refusals, retries and the deadline around them. Asks the credential again on every
 * attempt, so that a token renewed meanwhile reaches the repetition.
 */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type { Credential } from "../Credential.ts"
import { DecodeFailure, type IcrError, Timeout, Transport, fail } from "../IcrError.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import type * as ServerClock from "../ServerClock.ts"
import { type CallInfo, reasonOf, withTried } from "./answers.ts"
import type { Lost, RawAnswer } from "./attempt.ts"
import { observed, spanEvent } from "./telemetry.ts"

/** A request that is ready but for its credential. */
export interface Call {
  readonly operation: string
  readonly path: string
  readonly request: HttpClientRequest.HttpClientRequest
  readonly credential: Credential
  readonly repeatable: boolean
  readonly installation: Option.Option<string>
  readonly notFound: Option.Option<string>
}

/** What all calls of a layer share. Times in milliseconds. */
export interface Options {
  readonly attempt: (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<RawAnswer, Lost>
  readonly clock: ServerClock.Service
  readonly server: string
  readonly schedule: RetryPolicy.RetrySchedule
  readonly budget: RetryPolicy.Budget
  /** Returns when a request may go out. */
  readonly wait: Effect.Effect<void>
  readonly maxRetryAfter: number
  readonly attemptTimeout: number
  readonly deadline: number
}

const text = new TextDecoder()

const isRefusal = ({ reason }: IcrError) =>
  reason._tag === "Unauthorized" || (reason._tag === "Forbidden" && Option.isNone(reason.permission))

/** What is made of an answer with a 2xx status and a whole body. */
export type Finish<A> = (answer: RawAnswer, info: CallInfo) => Effect.Effect<A, IcrError>

/** Runs calls. */
export const makePipeline = (options: Options): (<A>(call: Call, finish: Finish<A>) => Effect.Effect<A, IcrError>) => {
  const run = Effect.fnUntraced(function* <A>(call: Call, finish: Finish<A>): Effect.fn.Return<A, IcrError> {
    const started = yield* Clock.currentTimeMillis
    let attempts = 0

    const elapsed = Effect.map(Clock.currentTimeMillis, (now) => now - started)
    const info: Effect.Effect<CallInfo> = Effect.map(elapsed, (elapsed) => ({
      operation: call.operation,
      method: call.request.method,
      path: call.path,
      attempts,
      elapsed: Duration.millis(elapsed)
    }))
    const timedOut = (of: "attempt" | "call", limit: number) =>
      Effect.flatMap(info, (info) => Effect.fail(fail(new Timeout({ ...info, of, limit: Duration.millis(limit) }))))

    const attempt = Effect.fnUntraced(function* (token: Redacted.Redacted): Effect.fn.Return<RawAnswer, IcrError> {
      yield* options.wait
      attempts++
      const answer = yield* options.attempt(HttpClientRequest.bearerToken(call.request, token)).pipe(
        Effect.catch((lost) => Effect.flatMap(info, (info) => Effect.fail(fail(new Transport({ ...info, ...lost }))))),
        Effect.timeoutOrElse({
          duration: options.attemptTimeout,
          orElse: () => timedOut("attempt", options.attemptTimeout)
        })
      )
      yield* Effect.annotateCurrentSpan("http.response.status_code", answer.status)
      if (answer.status >= 200 && answer.status < 300) {
        if (!answer.truncated) return answer
        const expected = `expected a body of at most ${answer.bytes.length} bytes`
        return yield* fail(new DecodeFailure({ ...(yield* info), status: answer.status, at: "", expected }))
      }
      // The server may echo what it was sent: the token goes before anything else looks at the text.
      const said = text.decode(answer.bytes).replaceAll(Redacted.value(token), "<redacted>")
      const now = yield* options.clock.now
      return yield* fail(reasonOf({ ...answer, text: said }, yield* info, call, now))
    })

    const authorized = Effect.gen(function* () {
      const refused: Array<Redacted.Redacted> = []
      while (true) {
        const token = yield* call.credential.get
        const result = yield* Effect.result(attempt(token))
        if (Result.isSuccess(result)) return result.success
        const error = result.failure
        if (!isRefusal(error)) return yield* error
        refused.push(token)
        if (!Arr.isArrayNonEmpty(refused)) return yield* error
        const { again, tried } = yield* call.credential.onRefused({ error, refused, repeatable: call.repeatable })
        if (!again) return yield* withTried(error, tried)
        yield* spanEvent("credential refused", { "http.request.resend_count": attempts })
      }
    })

    const repeated = options.schedule.pipe(
      Schedule.while(({ input }) =>
        Effect.gen(function* () {
          if (!RetryPolicy.isTransient(input)) return false
          const asked = Option.getOrElse(Option.map(input.retryAfter, Duration.toMillis), () => 0)
          if (asked > options.maxRetryAfter || asked > options.deadline - (yield* elapsed)) return false
          if (!(yield* options.budget.take)) return false
          yield* spanEvent("retry", {
            "error.type": input.reason._tag,
            "http.request.resend_count": attempts
          })
          return true
        })
      )
    )

    const answer = yield* (call.repeatable ? Effect.retry(authorized, repeated) : authorized).pipe(
      Effect.timeoutOrElse({ duration: options.deadline, orElse: () => timedOut("call", options.deadline) })
    )
    yield* options.budget.give
    return yield* finish(answer, yield* info)
  })

  return (call, finish) =>
    run(call, finish).pipe(
      observed({
        operation: call.operation,
        method: call.request.method,
        path: call.path,
        server: options.server,
        installation: call.installation
      })
    )
}
