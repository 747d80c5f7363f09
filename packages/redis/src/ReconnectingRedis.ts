/**
 * A `Redis` that a program can start without, and that finds the new server after a failover.
 *
 * A layer such as `NodeRedis.layer` fails when Redis is not there at the start or refuses the password. This one provides a
 * `Redis` in any case and connects in the background, once a second until it succeeds. Until then every command fails with the
 * reason of the last attempt.
 *
 * A connection is replaced when it no longer leads to a server that can do the work: the server says that it is a replica, is
 * loading its data or does not have the key (`READONLY`, `MASTERDOWN`, `LOADING`, `MOVED` and the like), the client has given
 * up, or a `PING` gets no answer for 3 seconds. The new connection resolves the address again.
 *
 * **When to use**: beneath `RedisTokenStore`, `RedisWebhookDeduplication` and `RedisInstallStates`, so that an outage of Redis
 * neither keeps the program from starting nor, when Redis hangs, from ending.
 *
 * **Gotchas**: an interruption of the network is the client's own business for those 3 seconds. A command that waits on a
 * connection that is replaced may fail or stay unanswered: give every command a limit, as the modules of this package do.
 *
 * @module
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redis from "effect/persistence/Redis"
import * as Ref from "effect/Ref"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { codeOf, isWrongServer } from "./internal/errorCode.ts"

type Service = Redis.Redis["Service"]

interface Connection {
  /** The connected client, or the reason why there is none. */
  readonly redis: Effect.Effect<Service, Redis.RedisError>
  /** Replaces this connection, once however many callers ask for it. */
  readonly giveUp: (reason: Redis.RedisError) => Effect.Effect<unknown>
}

/** How long building the layer waits for the first attempt to connect. */
const firstAttemptTimeout = "2 seconds"
const connectTimeout = "10 seconds"
const retryInterval = "1 second"
const closeTimeout = "1 second"
const pingInterval = "3 seconds"
const pingTimeout = "3 seconds"

const errorWithCode = (code: string) => new Redis.RedisError({ cause: Object.assign(new Error(code), { code }) })

const disconnected = (reason: Redis.RedisError): Connection => ({
  redis: Effect.fail(reason),
  giveUp: () => Effect.void
})

/** Keeps only the code: an error about the address may quote the address, and the password in it. */
const withoutMessage = (error: unknown) =>
  errorWithCode(codeOf(error instanceof Redis.RedisError ? error : new Redis.RedisError({ cause: error })))

/** Waits for an effect within the limit and leaves it running after that: a Redis that hangs must not block the end of a program. */
const waitBriefly = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.forkDetach(effect), (fiber) =>
    Effect.asVoid(Effect.timeoutOption(Fiber.await(fiber), closeTimeout))
  )

/** Fails when the server is silent, as one is whose machine is gone: no error ever arrives over such a connection. */
const heartbeat = (redis: Service) =>
  redis.send("PING").pipe(
    Effect.catchIf(
      (error) => !isWrongServer(error),
      () => Effect.void
    ),
    Effect.timeoutOrElse({ duration: pingTimeout, orElse: () => Effect.fail(errorWithCode("NO_ANSWER")) }),
    Effect.delay(pingInterval),
    Effect.forever
  )

const make = Effect.fnUntraced(function* <E, R>(layer: Layer.Layer<Redis.Redis, E, R>) {
  const scope = yield* Effect.scope
  const current = yield* Ref.make(disconnected(errorWithCode("NOT_CONNECTED")))
  const firstAttempt = yield* Deferred.make<void>()

  /** Connects, and keeps the connection until it is given up. Fails with the reason. */
  const connectOnce = Effect.acquireUseRelease(
    Scope.make(),
    Effect.fnUntraced(
      function* (attempt) {
        const context = yield* Layer.buildWithScope(layer, attempt).pipe(
          // The services that use this Redis report outages; the client would report every single attempt as well.
          Effect.provideService(References.MinimumLogLevel, "Error"),
          Effect.timeoutOrElse({ duration: connectTimeout, orElse: () => Effect.fail(errorWithCode("NO_ANSWER")) })
        )
        const redis = Context.get(context, Redis.Redis)
        const givenUp = yield* Deferred.make<never, Redis.RedisError>()
        yield* Ref.set(current, {
          redis: Effect.succeed(redis),
          giveUp: (reason) => Deferred.fail(givenUp, reason)
        })
        yield* Deferred.succeed(firstAttempt, undefined)
        return yield* Effect.raceFirst(Deferred.await(givenUp), heartbeat(redis))
      },
      Effect.tapCause((cause) => Ref.set(current, disconnected(withoutMessage(Cause.squash(cause)))))
    ),
    (attempt, exit) => waitBriefly(Scope.close(attempt, exit))
  ).pipe(Effect.ensuring(Deferred.succeed(firstAttempt, undefined)))

  const connecting = yield* connectOnce.pipe(
    Effect.sandbox,
    Effect.retry(Schedule.spaced(retryInterval)),
    Effect.forkDetach
  )
  yield* Scope.addFinalizer(scope, waitBriefly(Fiber.interrupt(connecting)))
  // Where Redis is available, the first command finds it connected.
  yield* Effect.timeoutOption(Deferred.await(firstAttempt), firstAttemptTimeout)

  const use = <A, R>(f: (redis: Service) => Effect.Effect<A, Redis.RedisError, R>) =>
    Effect.flatMap(Ref.get(current), ({ giveUp, redis }) =>
      Effect.tapError(Effect.flatMap(redis, f), (error) => (isWrongServer(error) ? giveUp(error) : Effect.void))
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
