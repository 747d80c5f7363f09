/**
 * A registry of a few lines behind the real wire: answers exchanges, revocations and reads in virtual time, and remembers
 * what it was asked. For tests of what the cache does; the simulator is for what the registry does.
 */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import type { IcrError } from "@effect-icr/app/IcrError"
import { IcrHttp, type Options as HttpOptions, type TestRequest, type TestResponse } from "@effect-icr/app/IcrHttp"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { type Options as CacheOptions, TokenCache } from "@effect-icr/app/TokenCache"
import type { AppAccessToken } from "@effect-icr/app/domain/AccessToken"
import { Clock, DateTime, Effect, type Fiber, Layer, Logger, Random, Redacted, Schema } from "effect"
import { HttpClient, type HttpClientRequest } from "effect/http"

/** An installation's id. */
export const idOf = (name: string) => InstallationId.make(name)
/** The text of a token, such as `crs_3`: the number counts the exchanges. */
export const textOf = ({ token }: Pick<AppAccessToken, "token">) => Redacted.value(token)
/** Runs it as many times at once. */
export const times = <A, E, R>(n: number, effect: Effect.Effect<A, E, R>) =>
  Effect.forEach(Array.from({ length: n }), () => effect, { concurrency: "unbounded" })
/** Begins it, and lets it come as far as it can without time passing. */
export const started = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.tap(Effect.forkChild(effect, { startImmediately: true }), () => Effect.yieldNow)
/** The reason a call failed with. */
export const reasonOf = <A, R>(effect: Effect.Effect<A, IcrError, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)
/** Whether it has ended by now. */
export const isDone = (fiber: Fiber.Fiber<unknown, unknown>) => fiber.pollUnsafe() !== undefined

/** Keeps what is logged. */
export const captured = () => {
  const lines: Array<string> = []
  const layer = Logger.layer([
    Logger.make(({ logLevel, message }) => {
      lines.push(`${logLevel} ${[message].flat().join(" ")}`)
    })
  ])
  return { lines, layer }
}

/** No jitter: windows begin exactly where the options say. */
export const exact = Effect.provideService(Random.Random, { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0 })

interface Issued {
  readonly text: string
  readonly installation: string | undefined
  readonly end: number
}

/** What the registry does and has seen; tests change and read it. */
export interface Registry {
  /** Milliseconds that new tokens live. */
  life: number
  /** Milliseconds that an exchange takes. */
  latency: number
  /** What the next exchanges are answered with instead of a token. */
  refusal: TestResponse | undefined
  /** What requests with a token are answered with instead of 200. */
  answer: (token: string) => TestResponse | undefined
  /** Milliseconds its clock is ahead of the test's; `undefined` sends no `Date`. */
  ahead: number | undefined
  exchanges: number
  readonly perInstallation: Map<string, number>
  readonly issued: Array<Issued>
  /** Requests other than exchanges, with the number of their token. */
  readonly requests: Array<string>
}

/** A registry that works. */
export const makeRegistry = (): Registry => ({
  life: 7_200_000,
  latency: 0,
  refusal: undefined,
  answer: () => undefined,
  ahead: undefined,
  exchanges: 0,
  perInstallation: new Map(),
  issued: [],
  requests: []
})

const iso = (millis: number) => DateTime.formatIso(DateTime.makeUnsafe(millis))
const httpDate = (millis: number) => DateTime.toDateUtc(DateTime.makeUnsafe(millis)).toUTCString()

/** An error in the registry's shape. */
export const refusal = (status: number, message: string): TestResponse => ({
  status,
  body: { statusCode: status, message, error: "Error" }
})

/** The body of an exchange's answer. */
export const tokenBody = (token: {
  readonly text: string
  readonly installation: string | undefined
  readonly now: number
  readonly life: number
}) => ({
  id: `id-of-${token.text}`,
  createdAt: iso(token.now),
  updatedAt: iso(token.now),
  token: token.text,
  expiresAt: iso(token.now + token.life),
  isActive: true,
  permissions: { organization_info: "VIEW" },
  appId: "test",
  ...(token.installation === undefined ? {} : { installationId: token.installation, organizationId: "org" })
})

const exchange = Effect.fnUntraced(function* (registry: Registry, installation: string | undefined) {
  const number = ++registry.exchanges
  const key = installation ?? "app"
  registry.perInstallation.set(key, (registry.perInstallation.get(key) ?? 0) + 1)
  if (registry.latency > 0) yield* Effect.sleep(registry.latency)
  if (registry.refusal !== undefined) return registry.refusal
  const now = (yield* Clock.currentTimeMillis) + (registry.ahead ?? 0)
  const text = `crs_${number}`
  registry.issued.push({ text, installation, end: now + registry.life })
  return { body: tokenBody({ text, installation, now, life: registry.life }) }
})

const script = (registry: Registry) => (request: TestRequest) =>
  Effect.gen(function* () {
    const [, installation] = /^\/app\/installations\/([^/]+)\/accessTokens$/.exec(request.path) ?? []
    const isExchange = request.method === "POST" && request.path.endsWith("/accessTokens")
    const token = Redacted.value(request.authorization)
    if (!isExchange) registry.requests.push(`${request.method} ${request.path} ${token}`)
    const answer: TestResponse = isExchange
      ? yield* exchange(registry, installation)
      : (registry.answer(token) ?? { body: {} })
    if (registry.ahead === undefined) return answer
    const date = httpDate((yield* Clock.currentTimeMillis) + registry.ahead)
    return { ...answer, headers: { ...answer.headers, date } }
  })

const configFor = (baseUrl: string) => IcrConfig.layerWith({ appId: "test", baseUrl })
const config = configFor("http://localhost")

/**
 * `IcrApp` and all services beneath it, over this registry. One attempt a call and no margin before the end of a token, so that
 * tests can say exactly when it ends, unless told otherwise.
 */
export const appOver = (
  registry: Registry,
  tokens: CacheOptions = {},
  http: HttpOptions = { retry: false },
  baseUrl = "http://localhost"
) =>
  IcrApp.layerNoDeps.pipe(
    Layer.provideMerge(TokenCache.layerWith({ endMargin: 0, ...tokens })),
    Layer.provideMerge([
      IcrHttp.layerTest(script(registry), http),
      Signer.layerTest(),
      ServerClock.layer,
      configFor(baseUrl)
    ])
  )

/** A cache whose exchanges are this effect, without a wire: where a test needs very many of them. */
export const cacheOver = (exchange: (id: string) => Effect.Effect<object, IcrError>, tokens: CacheOptions = {}) =>
  TokenCache.layerWith({ endMargin: 0, ...tokens }).pipe(
    Layer.provide([
      Layer.succeed(IcrHttp, {
        baseUrl: "http://localhost",
        registryTime: DateTime.now,
        call: ({ params, success }) =>
          Effect.flatMap(exchange(params?.["installationId"] ?? "app"), (body) =>
            Effect.orDie(Schema.decodeUnknownEffect(success)(body))
          ),
        client: () =>
          HttpClient.makeWith<IcrError, never, IcrError, never>(
            () => Effect.die("no requests expected"),
            Effect.succeed<HttpClientRequest.HttpClientRequest>
          )
      }),
      Signer.layerTest(),
      ServerClock.layer,
      config
    ])
  )
