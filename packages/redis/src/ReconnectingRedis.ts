/**
 * A `Redis` that a program can start without.
 *
 * A layer such as `NodeRedis.layer` fails when there is no Redis at the start, or none that takes the password. This one
 * provides a `Redis` at once and connects behind the callers, every second until it succeeds; commands sent before that fail
 * with the reason of the last attempt. What the connected client does about later interruptions is its own affair, unless it gives
 * up, as `NodeRedis` does after a `socketTimeout`: then it connects anew.
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
type Connection = Effect.Effect<Service, Redis.RedisError>

const patience = "2 seconds"
const pause = "1 second"

const make = Effect.fnUntraced(function* <E, R>(layer: Layer.Layer<Redis.Redis, E, R>) {
  const scope = yield* Effect.scope
  const environment = yield* Effect.context<R>()
  const notYet = Object.assign(new Error("not connected yet"), { code: "NOT_CONNECTED" })
  const current = yield* Ref.make<Connection>(Effect.fail(new Redis.RedisError({ cause: notYet })))

  // A client may wait for answers before it closes; a Redis that hangs must not keep the program from ending.
  const closeSoon = (attempt: Scope.Closeable, exit: Exit.Exit<unknown, unknown>) =>
    Effect.flatMap(Effect.forkDetach(Scope.close(attempt, exit)), (closing) =>
      Effect.asVoid(Effect.timeoutOption(Fiber.await(closing), pause))
    )

  const tried = yield* Deferred.make<void>()
  const connect = Effect.gen(function* () {
    const attempt = yield* Scope.make()
    const context = yield* Layer.buildWithScope(layer, attempt).pipe(
      // Who uses the service tells about outages; the client would report every single attempt as well.
      Effect.provideService(References.MinimumLogLevel, "Error"),
      Effect.onExit((exit) =>
        Exit.isSuccess(exit)
          ? Scope.addFinalizerExit(scope, (exit) => closeSoon(attempt, exit))
          : closeSoon(attempt, exit)
      )
    )
    yield* Ref.set(current, Effect.succeed(Context.get(context, Redis.Redis)))
  }).pipe(
    Effect.tapCause((cause) =>
      Ref.set(current, Effect.fail(new Redis.RedisError({ cause: causeOf(Cause.squash(cause)) })))
    ),
    Effect.onExit(() => Deferred.succeed(tried, undefined))
  )

  const begin = Effect.gen(function* () {
    const connecting = yield* connect.pipe(Effect.sandbox, Effect.retry(Schedule.spaced(pause)), Effect.forkDetach)
    // Nor must one that hangs while a connection to it is being made.
    yield* Scope.addFinalizer(
      scope,
      Effect.andThen(
        Effect.forkDetach(Fiber.interrupt(connecting)),
        Effect.asVoid(Effect.timeoutOption(Fiber.await(connecting), pause))
      )
    )
  }).pipe(Effect.provide(environment))
  yield* begin
  // Where Redis is up, the first command finds it.
  yield* Effect.timeoutOption(Deferred.await(tried), patience)

  /** Once for each client that has given up, however many callers find out. */
  const again = (connection: Connection, error: Redis.RedisError) =>
    Effect.flatMap(
      Ref.modify(current, (now) => (now === connection ? [true, Effect.fail(error)] : [false, now])),
      (isFirst) => (isFirst ? begin : Effect.void)
    )

  const use = <A, R>(f: (redis: Service) => Effect.Effect<A, Redis.RedisError, R>) =>
    Effect.flatMap(Ref.get(current), (connection) =>
      Effect.tapError(Effect.flatMap(connection, f), (error) =>
        codeOf(error) === "ClientClosedError" ? again(connection, error) : Effect.void
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

/** The code alone: an error about the address carries the address, and its password. */
const causeOf = (error: unknown) => {
  const code = codeOf(error instanceof Redis.RedisError ? error : new Redis.RedisError({ cause: error }))
  return Object.assign(new Error(code), { code })
}

/** Over any layer of a Redis client, such as `NodeRedis.layer({ url })`. Never fails. */
export const layer = <E, R>(redis: Layer.Layer<Redis.Redis, E, R>): Layer.Layer<Redis.Redis, never, R> =>
  Layer.effect(Redis.Redis, make(redis))
