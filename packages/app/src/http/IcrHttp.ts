/**
 * Calls to the registry: address, version, credential, deadline, retries, decoding and errors.
 *
 * `IcrApp` stands on this service; use it directly for endpoints of one's own, or `IcrHttp.layerTest` for a registry that is a
 * function. Credentials go to the configured address and nowhere else: redirects are not followed, and a path that would leave
 * the base address is refused before anything is sent. One deadline covers a whole call, its waits and bodies included; one
 * shorter limit covers each attempt. Every failure is an `IcrError`.
 *
 * @module
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as HttpMethod from "effect/http/HttpMethod"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import { ServerClock } from "../clock/ServerClock.ts"
import { IcrConfig } from "../config/IcrConfig.ts"
import { withApiPath } from "../config/internal/baseUrl.ts"
import { count, invalidRequest, layerOptions, millis, ofType } from "../config/internal/validate.ts"
import type { IcrError } from "../errors/IcrError.ts"
import * as AskedWait from "./internal/askedWait.ts"
import { bufferedResponse } from "./internal/bufferedResponse.ts"
import { makeCall } from "./internal/call.ts"
import { type Mismatch, bodyText, decodeJson } from "./internal/decodeJson.ts"
import { whyNotCarried } from "./internal/headerValues.ts"
import { fillPath, pathTemplate, whyNotRelative } from "./internal/path.ts"
import { proxyVariable } from "./internal/proxyVariable.ts"
import { RateLimitKey } from "./internal/rateLimitKey.ts"
import { isRead, makeSend } from "./internal/request.ts"
import type { Settings } from "./internal/run.ts"
import { type Subject, whyNoCall, whyNoRequest } from "./internal/subject.ts"
import { makeTelemetry } from "./internal/telemetry.ts"
import { type TestRequest, type TestResponse, type TestScript, testClient } from "./internal/testClient.ts"
import * as RetryPolicy from "./RetryPolicy.ts"

export { schemaBodyJson } from "./internal/decodeJson.ts"
export type { Mismatch, TestRequest, TestResponse, TestScript }

// ---------------------------------------------------------------------------------------------------------------------
// Service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A request to one endpoint.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request<A> extends Subject {
  readonly method: HttpMethod.HttpMethod
  /** Ids for the placeholders in the path; anything that is no id is refused. */
  readonly params?: { readonly [name: string]: string } | undefined
  readonly query?: { readonly [name: string]: string | number } | undefined
  /** The shape of a success, decoded from JSON; unknown fields are ignored. */
  readonly success: Schema.Decoder<A>
  /** What is wrong with a decoded success, such as another installation's token. Then the call fails as for a wrong shape. */
  readonly mismatch?: ((value: A) => Mismatch | undefined) | undefined
}

/**
 * What the requests of one client have in common.
 *
 * @category options
 * @since 0.1.0
 */
export interface ClientOptions extends Pick<Subject, "operation" | "credential" | "installation"> {}

/**
 * Calls to the registry.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** The configured address, without a trailing slash. */
  readonly baseUrl: string
  /** The registry's time, as far as its answers have told. */
  readonly registryTime: Effect.Effect<DateTime.Utc>
  /** Makes one request and decodes its answer. */
  readonly call: <A>(request: Request<A>) => Effect.Effect<A, IcrError>
  /**
   * An `HttpClient` for any other endpoint, authorised by the credential. Takes paths such as `/projects`; anything
   * that could leave the base address fails with `InvalidRequest`. Statuses other than 2xx fail with their reason, except for the
   * 304 of a read with `if-none-match` or `if-modified-since`. The body has been read when the response is handed out,
   * within the deadline and the size limit.
   */
  readonly client: (options: ClientOptions) => HttpClient.HttpClient.With<IcrError>
}

// ---------------------------------------------------------------------------------------------------------------------
// Options
// ---------------------------------------------------------------------------------------------------------------------

/**
 * All have defaults. 0 is honoured; negative durations and NaN are refused when the layer is built.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Options of the policy, or a schedule of one's own; `false` switches retries off. */
  readonly retry?: RetryPolicy.Options | RetryPolicy.RetrySchedule | false | undefined
  /** Retries that all calls of the layer share; a success gives a tenth back. Default 100. */
  readonly retryBudget?: number | undefined
  /**
   * The longest `Retry-After` that is waited for; above it the call fails at once. Default 60 s. One that ends after the
   * deadline (30 s by default, so sooner than this) fails the call at once as well.
   */
  readonly maxRetryAfter?: Duration.Input | undefined
  /** For one attempt, body included. Default 10 s. */
  readonly attemptTimeout?: Duration.Input | undefined
  /** For the whole call except a local signature: attempts, waits, the token exchange it needs, and bodies. Default 30 s. */
  readonly deadline?: Duration.Input | undefined
  /** The longest body of a success. Default 16 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** The longest body of any other answer; what is beyond is not read. Default 1 MiB. */
  readonly maxErrorBytes?: number | undefined
  /** Also open a span for each request under the one of its call. Default false. */
  readonly traceRequests?: boolean | undefined
  /** Send `traceparent` and `b3` to the registry. Default false. */
  readonly propagateTrace?: boolean | undefined
  /**
   * Wraps the transport, to log or to add a header. Every attempt passes through it, token exchanges included. A request has
   * its credential in the `authorization` header, which Effect prints as `<redacted>`: print requests and header maps, not
   * single headers, and send requests nowhere else.
   */
  readonly transformClient?: ((client: HttpClient.HttpClient) => HttpClient.HttpClient) | undefined
}

/**
 * Whether the requests of an effect may be sent twice. Set by {@link idempotent}.
 *
 * @category references
 * @since 0.1.0
 */
export const Idempotent = Context.Reference<boolean>("@effect-icr/app/IcrHttp/Idempotent", {
  defaultValue: () => false
})

/**
 * Marks the requests of an effect as safe to send twice, so that they are retried. Only for requests that really are.
 *
 * @category combinators
 * @since 0.1.0
 */
export const idempotent: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Effect.provideService(
  Idempotent,
  true
)

// ---------------------------------------------------------------------------------------------------------------------
// Constructor
// ---------------------------------------------------------------------------------------------------------------------

const scheduleOf = (retry: Options["retry"]) => {
  if (retry === false) return Effect.succeed(RetryPolicy.none)
  return Schedule.isSchedule(retry) ? Effect.succeed(retry) : RetryPolicy.make(retry)
}

const makeSettings = Effect.fnUntraced(function* (options: Options, { baseUrl }: IcrConfig["Service"]) {
  const propagateTrace = (yield* ofType("propagateTrace", options.propagateTrace, "boolean")) ?? false
  const traceRequests = (yield* ofType("traceRequests", options.traceRequests, "boolean")) ?? false
  const transformClient = yield* ofType("transformClient", options.transformClient, "function")
  const clock = yield* ServerClock
  const rateLimit = yield* Effect.serviceOption(RateLimitKey)
  const retryBudget = yield* count("retryBudget", options.retryBudget, 100, 0)
  const settings: Settings = {
    clock,
    traceRequests,
    propagateTrace,
    telemetry: yield* makeTelemetry(new URL(baseUrl), propagateTrace),
    proxyVariable: yield* proxyVariable(new URL(baseUrl)),
    rateLimit: Option.getOrUndefined(rateLimit)?.wait,
    schedule: yield* scheduleOf(options.retry),
    askedWait: { exchanges: yield* AskedWait.make, others: yield* AskedWait.make },
    retryBudget,
    budget: yield* Ref.make(retryBudget * 10),
    maxRetryAfter: yield* millis("maxRetryAfter", options.maxRetryAfter, "60 seconds"),
    attemptTimeout: yield* millis("attemptTimeout", options.attemptTimeout, "10 seconds"),
    deadline: yield* millis("deadline", options.deadline, "30 seconds"),
    send: yield* makeSend({
      client: yield* HttpClient.HttpClient,
      transformClient,
      clock,
      maxBodyBytes: yield* count("maxBodyBytes", options.maxBodyBytes, 16 * 1024 * 1024, 0),
      maxErrorBytes: yield* count("maxErrorBytes", options.maxErrorBytes, 1024 * 1024, 0)
    })
  }
  return settings
})

const make = Effect.fnUntraced(function* (options: Options) {
  const config = yield* IcrConfig
  const settings = yield* makeSettings(yield* layerOptions(options, "http"), config)
  const { apiPath, apiVersion, baseUrl } = config
  const headers = Headers.fromInput({ accept: "application/json", "x-icr-api-version": apiVersion })

  const call = <A>(request: Request<A>): Effect.Effect<A, IcrError> => {
    const problem = whyNoRequest(request)
    if (problem !== undefined) return Effect.fail(invalidRequest("IcrHttp.call", problem))
    const { method, path, query = {}, success } = request
    const filled = fillPath(path, request.params)
    if (Result.isFailure(filled)) return Effect.fail(invalidRequest(request.operation, filled.failure))
    const url = baseUrl + withApiPath(apiPath, filled.success)
    const params = UrlParams.fromInput(query)
    const sent = HttpClientRequest.makeWith(method, url, params, Option.none(), headers, HttpBody.empty)
    const decode = decodeJson(success, request.mismatch)
    return makeCall(settings, { ...request, request: sent }, ({ bytes, status }, info) =>
      decode(bodyText(bytes), status, info)
    )
  }

  const send = (
    options: ClientOptions,
    request: HttpClientRequest.HttpClientRequest
  ): Effect.Effect<HttpClientResponse.HttpClientResponse, IcrError> => {
    const problem = whyNoCall(options)
    if (problem !== undefined) return Effect.fail(invalidRequest("IcrHttp.client", problem))
    const detail = HttpClientRequest.isHttpClientRequest(request)
      ? (whyNotRelative(request.url) ?? whyNotCarried(request.headers))
      : "what was to be sent is no HttpClientRequest"
    if (detail !== undefined) return Effect.fail(invalidRequest(options.operation, detail))
    const path = request.url.startsWith("/") ? request.url : `/${request.url}`
    // Drop a `host` of the caller's: a proxy that goes by it could send the credential to another host than the configured one.
    const all = Headers.remove(Headers.merge(headers, request.headers), "host")
    const { body, hash, method, urlParams } = request
    const sent = HttpClientRequest.makeWith(method, baseUrl + withApiPath(apiPath, path), urlParams, hash, all, body)
    return Effect.flatMap(Idempotent, (isMarked) => {
      const call = { ...options, path: pathTemplate(path), idempotent: isMarked || isRead(request), request: sent }
      return makeCall(settings, call, (answer, info) => Effect.succeed(bufferedResponse(request, answer, info)))
    })
  }

  return IcrHttp.of({
    baseUrl,
    // `makeUnsafe` throws only for an invalid date, and the milliseconds of a clock are valid.
    registryTime: Effect.map(settings.clock.now, DateTime.makeUnsafe),
    call,
    client: (options) =>
      HttpClient.makeWith(
        Effect.flatMap((request) => send(options, request)),
        Effect.succeed<HttpClientRequest.HttpClientRequest>
      )
  })
})

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

/** The program's own service where it is provided, else that of `layer`. */
const orElse = <I, S, E>(service: Context.Key<I, S>, layer: Layer.Layer<I, E>): Layer.Layer<I, E> =>
  Layer.unwrap(
    Effect.map(
      Effect.serviceOption(service),
      Option.match({ onNone: () => layer, onSome: (given) => Layer.succeed(service, given) })
    )
  )

/**
 * Calls to the registry.
 *
 * @category services
 * @since 0.1.0
 */
export class IcrHttp extends Context.Service<IcrHttp, Service>()("@effect-icr/app/IcrHttp") {
  /** Over any `HttpClient`, with other options than the defaults. */
  static readonly layerWith = (
    options: Options
  ): Layer.Layer<IcrHttp, IcrError, IcrConfig | ServerClock | HttpClient.HttpClient> =>
    Layer.effect(IcrHttp, make(options))

  /** Over any `HttpClient`: `FetchHttpClient.layer`, `NodeHttpClient.layerUndici`, a simulator's. */
  static readonly layer: Layer.Layer<IcrHttp, IcrError, IcrConfig | ServerClock | HttpClient.HttpClient> =
    IcrHttp.layerWith({})

  /**
   * Answers from a script instead of the network; everything else (retries, errors, decoding) is real. Takes the program's
   * `IcrConfig` and `ServerClock` where they are provided to it; else the address is `http://localhost`.
   */
  static readonly layerTest = (script: TestScript, options: Options = {}): Layer.Layer<IcrHttp, IcrError> =>
    IcrHttp.layerWith(options).pipe(
      Layer.provide(Layer.succeed(HttpClient.HttpClient, testClient(script))),
      Layer.provide(orElse(ServerClock, ServerClock.layer)),
      Layer.provide(orElse(IcrConfig, IcrConfig.layerWith({ appId: "test", baseUrl: "http://localhost" })))
    )
}
