/**
 * The one way onto the wire: address, version, credential, deadline, retry, decoding and errors.
 *
 * Credentials go to the configured address and nowhere else: redirects are not followed, and a path that would leave
 * the base address is refused before anything is sent. One deadline covers a whole call, its waits and bodies included;
 * one shorter limit covers each attempt. Failures come out as `IcrError`, and as nothing else.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as HttpMethod from "effect/http/HttpMethod"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import type { Credential } from "./Credential.ts"
import { IcrConfig } from "./IcrConfig.ts"
import { type IcrError, InvalidRequest, Transport, fail } from "./IcrError.ts"
import { makeAttempt } from "./internal/attempt.ts"
import { decodeJson } from "./internal/decode.ts"
import { count, millis } from "./internal/options.ts"
import { makePipeline } from "./internal/pipeline.ts"
import { pathTemplate, whyNotRelative } from "./internal/url.ts"
import { RateLimit } from "./RateLimit.ts"
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
  /** `RetryPolicy.make()` with its defaults unless given; `false` switches repeating off. */
  readonly retry?: RetryPolicy.RetrySchedule | false | undefined
  /** Repetitions that all calls of the layer share; a success gives a tenth back. Default 100. */
  readonly retryBudget?: number | undefined
  /** The longest `Retry-After` that is waited for; above it the call fails at once. Default 60 s. */
  readonly maxRetryAfter?: Duration.Input | undefined
  /** For one attempt, body included. Default 10 s. */
  readonly attemptTimeout?: Duration.Input | undefined
  /** For the whole call: attempts, waits, the token exchange it needs, and bodies. Default 30 s. */
  readonly deadline?: Duration.Input | undefined
  /** Of a success. Default 16 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** Of any other answer; what is beyond is not read. Default 1 MiB. */
  readonly maxErrorBytes?: number | undefined
  /** Also open the HTTP client's own span for each request. Default false. */
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

/** Fills `{placeholders}`. Ids are branded as safe segments; encoding them is the second lock on the same door. */
const fill = (path: string, params: { readonly [name: string]: string } = {}) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""))

const nullBody = new Set([204, 205, 304])

const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Service, IcrError, IcrConfig | ServerClock | HttpClient.HttpClient> {
  const config = yield* IcrConfig
  const clock = yield* ServerClock
  const limit = yield* Effect.serviceOption(RateLimit)
  const requestInit = yield* Effect.serviceOption(FetchHttpClient.RequestInit)
  const { retry } = options
  const shared = {
    clock,
    server: new URL(config.baseUrl).hostname,
    schedule: RetryPolicy.atLeastRetryAfter(retry === false ? RetryPolicy.none : (retry ?? RetryPolicy.make())),
    budget: yield* RetryPolicy.makeBudget(yield* count("retryBudget", options.retryBudget, 100, 0)),
    maxRetryAfter: yield* millis("maxRetryAfter", options.maxRetryAfter, "60 seconds"),
    attemptTimeout: yield* millis("attemptTimeout", options.attemptTimeout, "10 seconds"),
    deadline: yield* millis("deadline", options.deadline, "30 seconds"),
    attempt: makeAttempt({
      client: yield* HttpClient.HttpClient,
      clock,
      maxBodyBytes: yield* count("maxBodyBytes", options.maxBodyBytes, 16 * 1024 * 1024, 0),
      maxErrorBytes: yield* count("maxErrorBytes", options.maxErrorBytes, 1024 * 1024, 0),
      traceRequests: options.traceRequests ?? false,
      propagateTrace: options.propagateTrace ?? false,
      requestInit: Option.getOrUndefined(requestInit)
    })
  }
  const limited = makePipeline({
    ...shared,
    wait: Option.match(limit, { onNone: () => Effect.void, onSome: (_) => _.wait })
  })
  const unlimited = makePipeline({ ...shared, wait: Effect.void })

  const prepare = (request: HttpClientRequest.HttpClientRequest, path: string) =>
    request.pipe(
      HttpClientRequest.setUrl(config.baseUrl + path),
      HttpClientRequest.setHeaders({
        accept: "application/json",
        "x-icr-api-version": config.apiVersion,
        ...request.headers
      })
    )

  const call = <A>(request: Request<A>): Effect.Effect<A, IcrError> =>
    (request.isExchange === true ? unlimited : limited)(
      {
        operation: request.operation,
        path: request.path,
        request: prepare(
          HttpClientRequest.make(request.method)("", { urlParams: request.query }),
          fill(request.path, request.params)
        ),
        credential: request.credential,
        repeatable: request.repeatable,
        installation: Option.fromUndefinedOr(request.installation),
        notFound: Option.fromUndefinedOr(request.notFound)
      },
      decodeJson(request.success)
    )

  const client: Service["client"] = ({ credential, installation, operation }) => {
    const send = Effect.fnUntraced(function* (request: HttpClientRequest.HttpClientRequest) {
      const refused = whyNotRelative(request.url)
      if (refused !== undefined) return yield* fail(new InvalidRequest({ operation, detail: refused }))
      const path = request.url.startsWith("/") ? request.url : `/${request.url}`
      const repeatable = request.method === "GET" || request.method === "HEAD" || (yield* Idempotent)
      return yield* limited(
        {
          operation,
          path: pathTemplate(path),
          request: prepare(request, path),
          credential,
          repeatable,
          installation: Option.fromUndefinedOr(installation),
          notFound: Option.none()
        },
        ({ bytes, headers, status }) =>
          Effect.sync(() =>
            HttpClientResponse.fromWeb(
              request,
              new Response(nullBody.has(status) ? null : Uint8Array.from(bytes), { status, headers })
            )
          )
      )
    })
    return HttpClient.makeWith(Effect.flatMap(send), Effect.succeed<HttpClientRequest.HttpClientRequest>)
  }

  return { baseUrl: config.baseUrl, call, client }
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
    const info = {
      operation: "IcrHttp.schemaBodyJson",
      method: response.request.method,
      path: pathTemplate(response.request.url),
      attempts: 1,
      elapsed: Duration.zero
    }
    return response.arrayBuffer.pipe(
      Effect.catch(() => Effect.fail(fail(new Transport({ ...info, kind: "cut", code: Option.none() })))),
      Effect.flatMap((buffer) =>
        decode(
          { status: response.status, headers: response.headers, bytes: new Uint8Array(buffer), truncated: false },
          info
        )
      )
    )
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

/** What a test double sees of a request. The credential is there to be checked, redacted as everywhere. */
export interface TestRequest {
  readonly method: string
  /** With its query, such as `/app/installations?limit=10&page=0`. */
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  readonly authorization: Redacted.Redacted
}

/** What a test double answers: by default status 200 and no headers. The body is sent as JSON. */
export interface TestResponse {
  readonly status?: number | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
  readonly body?: unknown
}

const scripted = (script: (request: TestRequest) => Effect.Effect<TestResponse>) =>
  HttpClient.make((request, url) =>
    script({
      method: request.method,
      path: url.pathname + url.search,
      headers: request.headers,
      authorization: Redacted.make((request.headers["authorization"] ?? "").replace(/^Bearer /, ""))
    }).pipe(
      Effect.map(({ body, headers = {}, status = 200 }) =>
        HttpClientResponse.fromWeb(
          request,
          new Response(body === undefined || nullBody.has(status) ? null : JSON.stringify(body), { status, headers })
        )
      )
    )
  )

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
