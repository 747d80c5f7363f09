/**
 * The International Carbon Registry on your machine.
 *
 * **When to use**
 *
 * - `Simulator.layer` in tests: the registry runs in memory on the caller's own fiber, and `TestClock` moves both
 * sides.
 * - `Simulator.layerServer` for other processes, and for what only a socket shows. It listens on 127.0.0.1 only.
 *
 * `layerWith` and `layerServerWith` take options.
 *
 * **Gotchas**
 *
 * Ids, tokens and webhook secrets follow from the seed, so nothing secret may depend on them. Two simulators with the
 * same seed issue the same tokens.
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
 * await Effect.runPromise(Effect.provide(program, Simulator.layer))
 * ```
 *
 * @module
 * @since 0.1.0
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
import { type Behaviour, changeBehaviour, type Profile, profiles } from "./Behaviour.ts"
import type { AppCredentials, Control } from "./Control.ts"
import * as Addresses from "./internal/addresses.ts"
import * as Arguments from "./internal/arguments.ts"
import * as ControlActions from "./internal/control.ts"
import * as Exchange from "./internal/exchange.ts"
import * as FaultPlan from "./internal/faultPlan.ts"
import { ConnectionReset, type Reset } from "./internal/faults.ts"
import * as Handlers from "./internal/handlers.ts"
import * as InMemory from "./internal/inMemory.ts"
import * as InstallPage from "./internal/installPage.ts"
import * as Keys from "./internal/keys.ts"
import * as OpenApi from "./internal/openApi.ts"
import * as Redactor from "./internal/redact.ts"
import * as RequestLog from "./internal/requestLog.ts"
import * as World from "./internal/World.ts"
import { SimulatorError } from "./SimulatorError.ts"
import type { WebhookTarget } from "./Webhooks.ts"

/**
 * How the simulated registry is set up.
 *
 * @since 0.1.0
 * @category options
 */
export interface SimulatorOptions {
  /** Installations of the first app at the start, from 0 to more than 100,000. Default 3. */
  readonly installations?: number | undefined
  /** Number of public projects. Default 60, which is more than one page. */
  readonly projects?: number | undefined
  /** A whole number that determines ids, tokens, names and random faults. Default 1. */
  readonly seed?: number | undefined
  /** A setting of all switches. Default `documented`. */
  readonly profile?: Profile | undefined
  /** Single switches, which override those of the profile. */
  readonly behaviour?: Partial<Behaviour> | undefined
  /** Shorthand for the switch `installationTokenLife`. Default 2 hours. */
  readonly tokenLife?: Duration.Input | undefined
  /** The first app's private key in PEM form, PKCS#1 or PKCS#8. Default: a new RSA key of 2048 bits. */
  readonly privateKey?: string | Redacted.Redacted<string> | undefined
  /** The first app's name id. Default `app1`. */
  readonly appNameId?: string | undefined
  /** Where the first app's webhook deliveries go. Without it none are sent. */
  readonly webhookUrl?: WebhookTarget | undefined
  /** Where the install page may redirect the browser; the first is the default. Without it there is no redirect. */
  readonly callbackUrls?: ReadonlyArray<string> | undefined
  /** Bearer token of the HTTP control interface. Default: a random value. */
  readonly controlToken?: string | Redacted.Redacted<string> | undefined
  /** Number of tokens kept. Beyond it the oldest tokens end early. Default 100,000. */
  readonly tokenCapacity?: number | undefined
  /** Number of requests that the log keeps. Default 1000. */
  readonly requestLogSize?: number | undefined
}

/**
 * Options of the loopback server.
 *
 * @since 0.1.0
 * @category options
 */
export interface SimulatorServerOptions extends SimulatorOptions {
  /** Port on 127.0.0.1. Default 0, which takes a free one. */
  readonly port?: number | undefined
}

/**
 * A running registry: its address, its first app, and the controls that change it.
 *
 * @since 0.1.0
 * @category services
 */
export class Simulator extends Context.Service<
  Simulator,
  {
    /** Has no trailing slash: `http://localhost` in memory, `http://127.0.0.1:PORT` on a socket. */
    readonly baseUrl: string
    /** The first app and the credentials its owner received at registration. */
    readonly app: AppCredentials
    /** Current ids of the first app's installations, oldest first. */
    readonly installationIds: Effect.Effect<ReadonlyArray<string>>
    /** Ids of the organizations of these installations, in the same order. */
    readonly organizationIds: Effect.Effect<ReadonlyArray<string>>
    /** Changes the registry while it runs. */
    readonly control: Control
    /** Bearer token of the control interface under `/_simulator/`, which only the server form has. */
    readonly controlToken: Redacted.Redacted<string>
  }
>()("@effect-icr/simulator/Simulator") {
  /**
   * Runs the registry in memory and provides an `HttpClient` that reaches it and nothing else. Each request is handled
   * on the caller's fiber, so a test's virtual clock drives both sides.
   *
   * @since 0.1.0
   * @category layers
   */
  static readonly layerWith = (
    options: SimulatorOptions
  ): Layer.Layer<Simulator | HttpClient.HttpClient, SimulatorError> =>
    Layer.effectContext(
      Effect.gen(function* () {
        const { exchange, simulator, world } = yield* make(options, InMemory.baseUrl, () =>
          Effect.die(new ConnectionReset())
        )
        const routes = yield* HttpRouter.toHttpEffect(
          Layer.merge(Layer.provide(registryRoutes(world), exchange.registry), OpenApi.own)
        )
        return Context.make(Simulator, simulator).pipe(
          Context.add(HttpClient.HttpClient, InMemory.client(exchange.serve(routes)))
        )
      })
    ).pipe(Layer.provide(HttpServer.layerServices))

  /**
   * {@link Simulator.layerWith} with defaults: three installations of one app.
   *
   * @since 0.1.0
   * @category layers
   */
  static readonly layer = Simulator.layerWith({})

  /**
   * Serves the registry, its pages and its control interface on a loopback socket until the scope closes.
   *
   * @since 0.1.0
   * @category layers
   */
  static readonly layerServerWith = (options: SimulatorServerOptions): Layer.Layer<Simulator, SimulatorError> =>
    Layer.effect(
      Simulator,
      Effect.gen(function* () {
        const server = yield* listen(yield* wholeNumber("port", options.port ?? 0, 0, 65_535))
        const { exchange, simulator, world } = yield* make(options, HttpServer.formatAddress(server.address), cutSocket)
        const registry = Layer.merge(registryRoutes(world), InstallPage.layer(world, simulator.control))
        // Loaded here, since a registry in memory has no pages and starts sooner without them.
        const OwnPages = yield* Effect.promise(() => import("./internal/ownPages.ts"))
        const routes = yield* HttpRouter.toHttpEffect(
          Layer.merge(Layer.provide(registry, exchange.registry), OwnPages.layer({ world, ...simulator }))
        )
        yield* server.serve(exchange.serve(routes))
        return simulator
      })
    ).pipe(Layer.provide(HttpServer.layerServices))

  /**
   * {@link Simulator.layerServerWith} with defaults, on a free port.
   *
   * @since 0.1.0
   * @category layers
   */
  static readonly layerServer = Simulator.layerServerWith({})
}

const listen = (port: number) =>
  NodeHttpServer.make(createServer, {
    port,
    host: "127.0.0.1",
    // Bounds how long a stalled request can delay the shutdown.
    gracefulShutdownTimeout: "500 millis"
  }).pipe(
    Effect.catchTag("ServeError", ({ cause }) =>
      Effect.fail(new SimulatorError({ message: `cannot listen on port ${port}: ${String(cause)}` }))
    )
  )

const registryRoutes = (world: World.World["Service"]) =>
  Layer.merge(Handlers.layer, OpenApi.published(world)).pipe(Layer.provide(Layer.succeed(World.World, world)))

/**
 * Before the head, resets the TCP connection as a dying server does. Within the body, closes it after the sent bytes
 * have left: a reset would overtake them, and the client would not see the head.
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
  const profile = yield* Arguments.profile(options.profile ?? "documented")
  const life =
    options.tokenLife === undefined
      ? {}
      : { installationTokenLife: Duration.millis(yield* Arguments.life("tokenLife", options.tokenLife)) }
  const world = yield* World.make({
    seed: yield* wholeNumber("seed", options.seed ?? 1, 0),
    baseUrl,
    installations: yield* wholeNumber("installations", options.installations ?? 3, 0),
    projects: yield* wholeNumber("projects", options.projects ?? 60, 0),
    tokenCapacity: yield* wholeNumber("tokenCapacity", options.tokenCapacity ?? 100_000, 1),
    behaviour: yield* changeBehaviour(profiles[profile], { ...life, ...options.behaviour }),
    appNameId: yield* Arguments.appNameId(options.appNameId ?? "app1"),
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
  yield* Arguments.controlToken(Redacted.value(controlToken))
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
