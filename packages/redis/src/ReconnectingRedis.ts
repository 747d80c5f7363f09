/**
 * A `Redis` that a program can start without.
 *
 * A layer such as `NodeRedis.layer` fails when Redis is not there at the start or refuses the password. This one provides a
 * `Redis` in any case and connects in the background, once a second until it succeeds. Until then every command fails with the
 * reason of the last attempt.
 *
 * **When to use**: beneath `RedisTokenStore`, `RedisWebhookDeduplication` and `RedisInstallStates`, so that an outage of Redis
 * neither keeps the program from starting nor, when Redis hangs, from ending.
 *
 * **Gotchas**: once connected, interruptions are the client's own business. Only when the client gives up, as `NodeRedis` does
 * after a `socketTimeout`, is a new one connected.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redis from "effect/persistence/Redis"
import * as Ref from "effect/Ref"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { codeOf } from "./internal/errorCode.ts"

type Service = Redis.Redis["Service"]
/** The connected client, or the reason why there is none. */
type Connection = Effect.Effect<Service, Redis.RedisError>

/** How long building the layer waits for the first attempt to connect. */
const firstAttemptTimeout = "2 seconds"
const retryInterval = "1 second"
const closeTimeout = "1 second"

const errorWithCode = (code: string) => new Redis.RedisError({ cause: Object.assign(new Error(code), { code }) })

/** Keeps only the code: an error about the address may quote the address, and the password in it. */
const withoutMessage = (error: unknown) =>
  errorWithCode(codeOf(error instanceof Redis.RedisError ? error : new Redis.RedisError({ cause: error })))

/** Waits for an effect within the limit and leaves it running after that: a Redis that hangs must not block the end of a program. */
const waitBriefly = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.forkDetach(effect), (fiber) =>
    Effect.asVoid(Effect.timeoutOption(Fiber.await(fiber), closeTimeout))
  )

const make = Effect.fnUntraced(function* <E, R>(layer: Layer.Layer<Redis.Redis, E, R>) {
  const scope = yield* Effect.scope
  const environment = yield* Effect.context<R>()
  const current = yield* Ref.make<Connection>(Effect.fail(errorWithCode("NOT_CONNECTED")))
  const firstAttempt = yield* Deferred.make<void>()

  const connectOnce = Effect.gen(function* () {
    const attempt = yield* Scope.make()
    const close = (exit: Exit.Exit<unknown, unknown>) => waitBriefly(Scope.close(attempt, exit))
    const context = yield* Layer.buildWithScope(layer, attempt).pipe(
      // The services that use this Redis report outages; the client would report every single attempt as well.
      Effect.provideService(References.MinimumLogLevel, "Error"),
      Effect.onExit((exit) => (Exit.isSuccess(exit) ? Scope.addFinalizerExit(scope, close) : close(exit)))
    )
    yield* Ref.set(current, Effect.succeed(Context.get(context, Redis.Redis)))
  }).pipe(
    Effect.tapCause((cause) => Ref.set(current, Effect.fail(withoutMessage(Cause.squash(cause))))),
    Effect.onExit(() => Deferred.succeed(firstAttempt, undefined))
  )

  const connect = Effect.gen(function* () {
    const connecting = yield* connectOnce.pipe(
      Effect.sandbox,
      Effect.retry(Schedule.spaced(retryInterval)),
      Effect.forkDetach
    )
    yield* Scope.addFinalizer(scope, waitBriefly(Fiber.interrupt(connecting)))
  }).pipe(Effect.provide(environment))

  yield* connect
  // Where Redis is available, the first command finds it connected.
  yield* Effect.timeoutOption(Deferred.await(firstAttempt), firstAttemptTimeout)

  /** Replaces a client that has given up, once however many callers notice. */
  const reconnect = (connection: Connection, error: Redis.RedisError) =>
    Effect.flatMap(
      Ref.modify(current, (now) => (now === connection ? [true, Effect.fail(error)] : [false, now])),
      (isFirst) => (isFirst ? connect : Effect.void)
    )

  const use = <A, R>(f: (redis: Service) => Effect.Effect<A, Redis.RedisError, R>) =>
    Effect.flatMap(Ref.get(current), (connection) =>
      Effect.tapError(Effect.flatMap(connection, f), (error) =>
        codeOf(error) === "ClientClosedError" ? reconnect(connection, error) : Effect.void
      )
    )

  return Redis.Redis.of({
    send: (command, ...args) => use((redis) => redis.send(command, ...args)),
    eval:
      (script) =>
      (...params) =>
        use((redis) => redis.eval(script)(...params)),
    reserve: use((redis) => redis.reserve),
    subscribe: (channel) =>
      Effect.catch(
        use((redis) => redis.subscribe(channel)),
        (error) =>
          Effect.tap(Queue.unbounded<Redis.RedisMessage, Redis.RedisError>(), (queue) => Queue.fail(queue, error))
      )
  })
})

/**
 * Over any layer of a Redis client, such as `NodeRedis.layer({ url })`. Never fails.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <E, R>(redis: Layer.Layer<Redis.Redis, E, R>): Layer.Layer<Redis.Redis, never, R> =>
  Layer.effect(Redis.Redis, make(redis))
