/**
 * The one way onto the wire: address, version, credential, deadline, retry, decoding and errors.
 *
 * Credentials go to the configured address and nowhere else: redirects are not followed, and a path that would leave
 * the base address is refused before anything is sent. One deadline covers a whole call, its waits and bodies included;
 * one shorter limit covers each attempt. Failures come out as `IcrError`, and as nothing else.
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
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
import * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import type { Credential } from "./Credential.ts"
import { IcrConfig } from "./IcrConfig.ts"
import { type IcrError, InvalidRequest, Transport, fail } from "./IcrError.ts"
import { makeAttempt } from "./internal/attempt.ts"
import { decodeJson } from "./internal/decode.ts"
import { OptionalRateLimit } from "./internal/optional.ts"
import { count, millis } from "./internal/options.ts"
import { makePipeline } from "./internal/pipeline.ts"
import { ReadResponse } from "./internal/response.ts"
import { atLeastRetryAfter, makeBudget } from "./internal/retry.ts"
import { type TestRequest, type TestResponse, scripted } from "./internal/scripted.ts"
import { makeObserve } from "./internal/telemetry.ts"
import { classify } from "./internal/transport.ts"
import { fillPath, pathTemplate, whyNotRelative } from "./internal/url.ts"
import { makeWatch } from "./internal/watch.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import { ServerClock } from "./ServerClock.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Service
// ---------------------------------------------------------------------------------------------------------------------

/** One endpoint, called. */
export interface Request<A> {
  /** The public operation this is for, such as `IcrApp.installation`; names the span and stands in errors. */
  readonly operation: string
  readonly method: HttpMethod.HttpMethod
  /** With `{placeholders}`, such as `/app/installations/{installationId}`. */
  readonly path: string
  readonly params?: { readonly [name: string]: string } | undefined
  readonly query?: { readonly [name: string]: string | number } | undefined
  readonly credential: Credential
  /** Whether sending it twice does no harm. Only such requests are retried. */
  readonly repeatable: boolean
  /** A token exchange never waits for the rate limit, since the calls that do may be waiting for it. Default false. */
  readonly isExchange?: boolean | undefined
  /** The shape of a success; unknown fields are ignored. Decoded from JSON. */
  readonly success: Schema.Decoder<A>
  /** The installation the call is about, for errors and spans. */
  readonly installation?: string | undefined
  /** The id whose absence a 404 means, when it means that there is no such installation. */
  readonly notFound?: string | undefined
}

/** What the layer hands out. */
export interface Service {
  /** The configured address, without a trailing slash. */
  readonly baseUrl: string
  /** What time the registry thinks it is, as far as its answers have told. */
  readonly registryTime: Effect.Effect<DateTime.Utc>
  /** Sends one request and decodes its answer. */
  readonly call: <A>(request: Request<A>) => Effect.Effect<A, IcrError>
  /**
   * An `HttpClient` for any other endpoint, authorised by the credential. Takes paths such as `/projects`; anything
   * that could leave the base address fails with `InvalidRequest`. Statuses other than 2xx fail with their reason. The
   * body has been read when the response is handed out, within the deadline and the size limit.
   */
  readonly client: (options: {
    readonly operation: string
    readonly credential: Credential
    readonly installation?: string | undefined
  }) => HttpClient.HttpClient.With<IcrError>
}

// ---------------------------------------------------------------------------------------------------------------------
// Options
// ---------------------------------------------------------------------------------------------------------------------

/** All have defaults. 0 is honoured; negative durations and NaN are refused when the layer is built. */
export interface Options {
  /** Options of the policy, or a schedule of one's own; `false` switches repeating off. */
  readonly retry?: RetryPolicy.Options | RetryPolicy.RetrySchedule | false | undefined
  /** Repetitions that all calls of the layer share; a success gives a tenth back. Default 100. */
  readonly retryBudget?: number | undefined
  /**
   * The longest `Retry-After` that is waited for; above it the call fails at once. Default 60 s. One that the deadline
   * does not leave (30 s by default, so sooner than this) fails the call at once as well.
   */
  readonly maxRetryAfter?: Duration.Input | undefined
  /** For one attempt, body included. Default 10 s. */
  readonly attemptTimeout?: Duration.Input | undefined
  /** For the whole call: attempts, waits, the token exchange it needs, and bodies. Default 30 s. */
  readonly deadline?: Duration.Input | undefined
  /** Of a success. Default 16 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** Of any other answer; what is beyond is not read. Default 1 MiB. */
  readonly maxErrorBytes?: number | undefined
  /** Also open a span for each request under the one of its call. Default false. */
  readonly traceRequests?: boolean | undefined
  /** Send `traceparent` and `b3` to the registry. Default false. */
  readonly propagateTrace?: boolean | undefined
}

/** Whether the requests of an effect may be sent twice. Set by {@link idempotent}. */
export const Idempotent = Context.Reference<boolean>("@effect-icr/app/IcrHttp/Idempotent", {
  defaultValue: () => false
})

/** Marks the requests of an effect as safe to send twice, so that they are retried. Only for what really is. */
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

const isRead = ({ method }: HttpClientRequest.HttpClientRequest) => method === "GET" || method === "HEAD"

const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Service, IcrError, IcrConfig | ServerClock | HttpClient.HttpClient> {
  const config = yield* IcrConfig
  const clock = yield* ServerClock
  const limit = yield* Effect.serviceOption(OptionalRateLimit)
  const shared = {
    clock,
    traceRequests: options.traceRequests ?? false,
    propagateTrace: options.propagateTrace ?? false,
    observe: makeObserve(new URL(config.baseUrl), options.propagateTrace ?? false),
    watch: makeWatch(),
    schedule: atLeastRetryAfter(yield* scheduleOf(options.retry)),
    budget: yield* makeBudget(yield* count("retryBudget", options.retryBudget, 100, 0)),
    maxRetryAfter: yield* millis("maxRetryAfter", options.maxRetryAfter, "60 seconds"),
    attemptTimeout: yield* millis("attemptTimeout", options.attemptTimeout, "10 seconds"),
    deadline: yield* millis("deadline", options.deadline, "30 seconds"),
    attempt: yield* makeAttempt({
      client: yield* HttpClient.HttpClient,
      clock,
      maxBodyBytes: yield* count("maxBodyBytes", options.maxBodyBytes, 16 * 1024 * 1024, 0),
      maxErrorBytes: yield* count("maxErrorBytes", options.maxErrorBytes, 1024 * 1024, 0)
    })
  }
  const limited = makePipeline({ ...shared, wait: Option.getOrUndefined(limit)?.wait })
  const unlimited = makePipeline({ ...shared, wait: undefined })

  const headers = Headers.fromInput({ accept: "application/json", "x-icr-api-version": config.apiVersion })

  const call = <A>(request: Request<A>): Effect.Effect<A, IcrError> =>
    (request.isExchange === true ? unlimited : limited)(
      {
        operation: request.operation,
        path: request.path,
        request: HttpClientRequest.makeWith(
          request.method,
          config.baseUrl + fillPath(request.path, request.params),
          request.query === undefined ? UrlParams.empty : UrlParams.fromInput(request.query),
          Option.none(),
          headers,
          HttpBody.empty
        ),
        credential: request.credential,
        repeatable: request.repeatable,
        installation: request.installation,
        notFound: request.notFound,
        isExchange: request.isExchange === true
      },
      decodeJson(request.success)
    )

  const client: Service["client"] = ({ credential, installation, operation }) => {
    const send = Effect.fnUntraced(function* (request: HttpClientRequest.HttpClientRequest) {
      const refused = whyNotRelative(request.url)
      if (refused !== undefined) return yield* fail(new InvalidRequest({ operation, detail: refused }))
      const path = request.url.startsWith("/") ? request.url : `/${request.url}`
      return yield* limited(
        {
          operation,
          path: pathTemplate(path),
          request: HttpClientRequest.makeWith(
            request.method,
            config.baseUrl + path,
            request.urlParams,
            request.hash,
            // The credential is for the configured host, also behind a proxy that goes by this header.
            Headers.remove(Headers.merge(headers, request.headers), "host"),
            request.body
          ),
          credential,
          repeatable: isRead(request) || (yield* Idempotent),
          installation,
          notFound: undefined,
          isExchange: false
        },
        (answer, info) => Effect.succeed(new ReadResponse(request, answer, info()))
      )
    })
    return HttpClient.makeWith(Effect.flatMap(send), Effect.succeed<HttpClientRequest.HttpClientRequest>)
  }

  const registryTime = Effect.map(clock.now, DateTime.makeUnsafe)

  return { baseUrl: config.baseUrl, registryTime, call, client }
})

/**
 * Decodes the JSON body of a response from {@link Service.client}, with failures as `IcrError` like everywhere else.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
 * import { Effect, Schema } from "effect"
 *
 * const Projects = schemaBodyJson(
 *   Schema.Struct({ projects: Schema.Array(Schema.Struct({ fullName: Schema.String })) })
 * )
 *
 * export const projects = Effect.flatMap(IcrApp, ({ appClient }) => appClient.get("/projects?limit=10&page=0")).pipe(
 *   Effect.flatMap(Projects)
 * )
 * ```
 */
export const schemaBodyJson = <A>(schema: Schema.Decoder<A>) => {
  const decode = decodeJson(schema)
  return (response: HttpClientResponse.HttpClientResponse): Effect.Effect<A, IcrError> => {
    const parts = ReadResponse.parts(response)
    if (parts !== undefined) return decode(parts.answer, () => parts.info)
    // A response that the program has wrapped, or got elsewhere.
    const { headers, request, status } = response
    const info = {
      operation: "IcrHttp.schemaBodyJson",
      method: request.method,
      path: pathTemplate(request.url),
      repeatable: isRead(request),
      attempts: 1,
      elapsed: Duration.zero
    }
    return response.arrayBuffer.pipe(
      Effect.mapError((error) => fail(new Transport({ ...info, ...classify(error) }))),
      Effect.flatMap((buffer) =>
        decode({ status, headers, bytes: new Uint8Array(buffer), truncated: false }, () => info)
      )
    )
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

export type { TestRequest, TestResponse }

/** The one way onto the wire. */
export class IcrHttp extends Context.Service<IcrHttp, Service>()("@effect-icr/app/IcrHttp") {
  /** Over any `HttpClient`, with other options than the defaults. */
  static readonly layerWith = (
    options: Options
  ): Layer.Layer<IcrHttp, IcrError, IcrConfig | ServerClock | HttpClient.HttpClient> =>
    Layer.effect(IcrHttp, make(options))

  /** Over any `HttpClient`: `FetchHttpClient.layer`, `NodeHttpClient.layerUndici`, a simulator's. */
  static readonly layer: Layer.Layer<IcrHttp, IcrError, IcrConfig | ServerClock | HttpClient.HttpClient> =
    IcrHttp.layerWith({})

  /** Answers from a script instead of the network; everything else (retries, errors, decoding) is the real thing. */
  static readonly layerTest = (
    script: (request: TestRequest) => Effect.Effect<TestResponse>,
    options: Options = {}
  ): Layer.Layer<IcrHttp, IcrError> =>
    IcrHttp.layerWith(options).pipe(
      Layer.provide(Layer.succeed(HttpClient.HttpClient, scripted(script))),
      Layer.provide(ServerClock.layer),
      Layer.provide(IcrConfig.layer({ appId: "test", baseUrl: "http://localhost" }))
    )
}
