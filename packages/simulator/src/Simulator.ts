/**
 * The International Carbon Registry on your machine: in memory for tests, or on a loopback socket for everything else.
 *
 * ```ts
 * import { Simulator } from "@effect-icr/simulator/Simulator"
 * import { Effect } from "effect"
 * import * as HttpClient from "effect/http/HttpClient"
 * import * as assert from "node:assert"
 *
 * const program = Effect.gen(function* () {
 *   const { baseUrl, control } = yield* Simulator
 *   const response = yield* HttpClient.get(`${baseUrl}/projects`)
 *   assert.strictEqual(response.status, 403) // no token
 *   assert.strictEqual(yield* control.requestCount("GET /projects"), 1)
 * })
 *
 * await Effect.runPromise(Effect.provide(program, Simulator.layer()))
 * ```
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import { randomBytes } from "node:crypto"
import { createServer } from "node:http"
import { type Behaviour, change, profiles, type Profile } from "./Behaviour.ts"
import type { AppCredentials, Control } from "./Control.ts"
import * as Addresses from "./internal/addresses.ts"
import * as ControlActions from "./internal/control.ts"
import * as Exchange from "./internal/exchange.ts"
import * as FaultPlan from "./internal/faultPlan.ts"
import { ConnectionReset, type Reset } from "./internal/faults.ts"
import * as Handlers from "./internal/handlers.ts"
import * as InMemory from "./internal/inMemory.ts"
import * as Keys from "./internal/keys.ts"
import * as OwnPages from "./internal/ownPages.ts"
import * as Redactor from "./internal/redact.ts"
import * as RequestLog from "./internal/requestLog.ts"
import * as World from "./internal/World.ts"
import { SimulatorError } from "./SimulatorError.ts"
import type { WebhookTarget } from "./Webhooks.ts"

/** How the simulated registry is set up. */
export interface SimulatorOptions {
  /** Installations of the first app at the start: 0 to 100,000 and beyond. Default 3. */
  readonly installations?: number | undefined
  /** Public projects. Default 60, more than one page. */
  readonly projects?: number | undefined
  /** Same seed, same ids, tokens, names and faults. A whole number; default 1. Give two simulators two seeds. */
  readonly seed?: number | undefined
  /** Setting of all the switches; default `documented`. */
  readonly profile?: Profile | undefined
  /** Single switches, over those of the profile. */
  readonly behaviour?: Partial<Behaviour> | undefined
  /** Short for the switch `installationTokenLife`; default 2 hours. */
  readonly tokenLife?: Duration.Input | undefined
  /** The first app's private key, PEM, PKCS#1 or PKCS#8. Default: a fresh RSA key of 2048 bits. */
  readonly privateKey?: string | Redacted.Redacted<string> | undefined
  /** The first app's name id; default `app1`. */
  readonly appNameId?: string | undefined
  /** Where the first app's webhook deliveries go; default nowhere. */
  readonly webhookUrl?: WebhookTarget | undefined
  /** Where the install page may send the browser, the default first; default nowhere. */
  readonly callbackUrls?: ReadonlyArray<string> | undefined
  /** What opens the control interface over HTTP; default: a random value. */
  readonly controlToken?: string | Redacted.Redacted<string> | undefined
  /** How many tokens are kept; when there are more, the oldest end early. Default 100,000. */
  readonly tokenCapacity?: number | undefined
  /** How many of the last requests the log keeps; default 1000. */
  readonly requestLogSize?: number | undefined
}

/** Options of the loopback server. It listens on 127.0.0.1 and nowhere else. */
export interface ServerOptions extends SimulatorOptions {
  /** Default 0: a free port. */
  readonly port?: number | undefined
}

export class Simulator extends Context.Service<
  Simulator,
  {
    /** Without a slash at the end: `http://localhost` in memory, `http://127.0.0.1:PORT` on a socket. */
    readonly baseUrl: string
    /** The first app, with what its owner was given when it was registered. */
    readonly app: AppCredentials
    /** Ids of the first app's installations as they are now, oldest first. */
    readonly installationIds: Effect.Effect<ReadonlyArray<string>>
    /** Ids of the organizations these belong to, in the same order. */
    readonly organizationIds: Effect.Effect<ReadonlyArray<string>>
    readonly control: Control
    /** Bearer token of the control interface under `/_simulator/`, which a server has and memory has not. */
    readonly controlToken: Redacted.Redacted<string>
  }
>()("@effect-icr/simulator/Simulator") {
  /**
   * In memory: the `HttpClient` it provides hands each request to the routes on the caller's own fiber, so that a test's
   * virtual clock drives both sides. Requests to any other host fail.
   */
  static readonly layer = (
    options: SimulatorOptions = {}
  ): Layer.Layer<Simulator | HttpClient.HttpClient, SimulatorError> =>
    Layer.effectContext(
      Effect.gen(function* () {
        const { exchange, simulator, world } = yield* make(options, InMemory.baseUrl, () =>
          Effect.die(new ConnectionReset())
        )
        const routes = yield* HttpRouter.toHttpEffect(routesOver(world))
        return Context.make(Simulator, simulator).pipe(
          Context.add(HttpClient.HttpClient, InMemory.client(exchange(routes)))
        )
      })
    ).pipe(Layer.provide(HttpServer.layerServices))

  /** On a loopback socket, for other processes and for what only a socket shows. Stops with its scope. */
  static readonly layerServer = (options: ServerOptions = {}): Layer.Layer<Simulator, SimulatorError> =>
    Layer.effect(
      Simulator,
      Effect.gen(function* () {
        const server = yield* listen(yield* wholeNumber("port", options.port ?? 0, 0, 65_535))
        const { exchange, simulator, world } = yield* make(options, HttpServer.formatAddress(server.address), cutSocket)
        const routes = yield* HttpRouter.toHttpEffect(
          Layer.merge(routesOver(world), OwnPages.layer(world, simulator.control, simulator.controlToken))
        )
        yield* server.serve(exchange(routes))
        return simulator
      })
    ).pipe(Layer.provide(HttpServer.layerServices))
}

const listen = (port: number) =>
  NodeHttpServer.make(createServer, {
    port,
    host: "127.0.0.1",
    // A stalled exchange must not hold up the stop.
    gracefulShutdownTimeout: "500 millis"
  }).pipe(
    Effect.catchTag("ServeError", ({ cause }) =>
      Effect.fail(new SimulatorError({ message: `cannot listen on port ${port}: ${String(cause)}` }))
    )
  )

const routesOver = (world: World.World["Service"]) =>
  Handlers.layer.pipe(Layer.provide(Layer.succeed(World.World, world)))

/**
 * Before the head a TCP reset, as when a server dies. In the body an end after what was sent has left: a reset would overtake
 * it and the client would see no head either.
 */
const cutSocket: Reset = (request, where) =>
  Effect.andThen(
    Effect.sync(() => {
      const { socket } = NodeHttpServerRequest.toIncomingMessage(request)
      if (where === "head") socket.resetAndDestroy()
      else socket.destroySoon()
    }),
    Effect.never
  )

const wholeNumber = (name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER) =>
  Number.isSafeInteger(value) && value >= least && value <= most
    ? Effect.succeed(value)
    : Effect.fail(
        new SimulatorError({ message: `${name} must be a whole number from ${least} to ${most}, not ${value}` })
      )

const redacted = (secret: string | Redacted.Redacted<string>) =>
  Redacted.isRedacted(secret) ? secret : Redacted.make(secret)

const make = Effect.fnUntraced(function* (options: SimulatorOptions, baseUrl: string, reset: Reset) {
  const given = options.privateKey
  const key = yield* given === undefined ? Keys.generate : Keys.fromPrivatePem(redacted(given))
  const life =
    options.tokenLife === undefined ? {} : { installationTokenLife: Duration.fromInputUnsafe(options.tokenLife) }
  const world = yield* World.make({
    seed: yield* wholeNumber("seed", options.seed ?? 1, 0),
    baseUrl,
    installations: yield* wholeNumber("installations", options.installations ?? 3, 0),
    projects: yield* wholeNumber("projects", options.projects ?? 60, 0),
    tokenCapacity: yield* wholeNumber("tokenCapacity", options.tokenCapacity ?? 100_000, 1),
    behaviour: yield* change(profiles[options.profile ?? "documented"], { ...life, ...options.behaviour }),
    appNameId: options.appNameId ?? "app1",
    publicKey: key.publicKey,
    webhookTarget: yield* Addresses.webhookTarget(options.webhookUrl),
    callbackUrls: yield* Addresses.callbackUrls(options.callbackUrls ?? [])
  })
  const log = RequestLog.make(yield* wholeNumber("requestLogSize", options.requestLogSize ?? 1000, 0))
  const plan = FaultPlan.make(world.seed)
  const control = ControlActions.make(world, log, plan)
  const [app] = (yield* Ref.get(world.tables)).apps.values()
  if (app?.webhookSecret === undefined) return yield* Effect.die("a world has a first app")
  const controlToken = redacted(options.controlToken ?? randomBytes(24).toString("hex"))
  if (Redacted.value(controlToken) === "")
    return yield* new SimulatorError({ message: "controlToken must not be empty" })
  const installations = Effect.orDie(control.installations())
  const simulator = Simulator.of({
    baseUrl,
    app: {
      appId: app.appId,
      appNameId: app.appNameId,
      privateKey: key.privateKey,
      webhookSecret: app.webhookSecret
    },
    installationIds: Effect.map(installations, (all) => all.map(({ id }) => id)),
    organizationIds: Effect.map(installations, (all) => all.map(({ organizationId }) => organizationId)),
    control,
    controlToken
  })
  const redactor = Redactor.make(simulator.controlToken)
  return { world, simulator, exchange: Exchange.make({ world, log, redactor, plan, reset }) }
})
