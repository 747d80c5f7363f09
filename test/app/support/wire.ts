/** What the tests of the wire share. */
import { type IcrError, IcrConfig, IcrHttp, InstallationId, ServerClock } from "@effect-icr/app"
import { fixed } from "@effect-icr/app/Credential"
import type { Options } from "@effect-icr/app/IcrHttp"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { Clock, Effect, Fiber, Layer, Random, Redacted } from "effect"
import { HttpClient, type HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"

/** The simulator's first installation. */
export const firstId = Effect.gen(function* () {
  const [id] = yield* (yield* Simulator).installationIds
  return InstallationId.make(id ?? (yield* Effect.die("no installation")))
})

/**
 * Runs an effect while two virtual minutes pass: longer than any wait of the pipeline. Not for what also waits for real
 * work, such as the first signature of a JWT.
 */
export const inVirtualTime = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(effect)
  yield* TestClock.adjust("2 minutes")
  return yield* Fiber.join(fiber)
})

/** The failure of an effect, time passing as needed. */
export const failure = <A, R>(effect: Effect.Effect<A, IcrError, R>) =>
  Effect.map(inVirtualTime(Effect.flip(effect)), ({ reason }) => reason)

/** What a played registry does with the nth request, counted from 1. */
export type Play = (
  n: number,
  request: HttpClientRequest.HttpClientRequest
) => Effect.Effect<Response, HttpClientError.HttpClientError>

/** A registry that is a function, and what it was sent. */
export const played = (play: Play) => {
  const sent: Array<HttpClientRequest.HttpClientRequest> = []
  const client = HttpClient.make((request) =>
    Effect.suspend(() => play(sent.push(request), request)).pipe(
      Effect.map((response) => HttpClientResponse.fromWeb(request, response))
    )
  )
  return { sent, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

/** `IcrHttp` over any transport, without the services above it. */
export const wireOver = <E, R>(
  transport: Layer.Layer<HttpClient.HttpClient, E, R>,
  options: Options = {},
  baseUrl = "http://localhost"
) =>
  IcrHttp.layerWith(options).pipe(
    Layer.provide([transport, ServerClock.layer, IcrConfig.layerWith({ appId: "app-1", baseUrl })])
  )

/** Neither a JWT nor a token, and refused for good when it is. */
export const credential = fixed(Redacted.make("crs_0123456789abcdef0123456789abcdef0123456789abcdef"))

/** A client with that credential. */
export const anyClient = Effect.map(IcrHttp, (http) => http.client({ operation: "Test.call", credential }))

/** Answers of a played registry. */
export const ok = () => Response.json({})
export const status = (status: number, headers?: Record<string, string>) =>
  new Response(null, { status, ...(headers && { headers }) })

/** Plays the registry, and notes when each request came, in virtual milliseconds. */
export const timed = (play: (n: number) => Response) => {
  const at: Array<number> = []
  const registry = played((n) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      at.push(now)
      return play(n)
    })
  )
  return { ...registry, at }
}

/** Waits between requests. */
export const gaps = (at: ReadonlyArray<number>) => at.slice(1).map((time, n) => time - (at[n] ?? 0))

/** Draws nothing: every jittered wait is this share of its bound. */
export const draw = (share: number) =>
  Effect.provideService(Random.Random, {
    nextDoubleUnsafe: () => share,
    nextIntUnsafe: () => 0
  })

/** A call that may be repeated. */
export const get = Effect.flatMap(anyClient, (client) => client.get("/things"))

/** A clock whose monotonic time is so many milliseconds ahead of another clock's. */
export const aheadBy = (clock: Clock.Clock, millis: () => number): Clock.Clock => {
  const ahead = () => clock.monotonicTimeNanosUnsafe() + BigInt(millis()) * 1_000_000n
  return Object.create(clock, {
    monotonicTimeNanosUnsafe: { value: ahead },
    monotonicTimeNanos: { value: Effect.sync(ahead) }
  })
}
