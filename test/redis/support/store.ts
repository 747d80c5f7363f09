/** What the tests of the token store share: stores of one fleet, and what they hold. */
import type { TokenStore } from "@effect-icr/app"
import type { RedisTokenStore } from "@effect-icr/redis"
import { Clock, Duration, Effect, Exit, Layer, Option, Redacted, Scope } from "effect"
import { Redis } from "effect/persistence"
import { machine, newKey, uniquePrefix } from "./redis.ts"

export const hour = Duration.hours(1)
export const key = "app-1@https://registry.test/installations/i-1"

export const entry = (value: string, expiresAt: number) => ({ value: Redacted.make(value), expiresAt })

/** The token that a store returns; undefined when it has none. */
export const valueIn = (store: TokenStore["Service"]) =>
  Effect.map(store.get(key), Option.match({ onNone: () => undefined, onSome: ({ value }) => Redacted.value(value) }))

/** Acquires a lease in a scope of its own, and succeeds with an effect that releases it. */
export const acquireLease = Effect.fnUntraced(function* (store: TokenStore["Service"]) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  yield* Scope.provide(store.lease(key, Infinity), scope)
  return Scope.close(scope, Exit.void)
})

/** How long an effect takes. Milliseconds. */
export const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const begin = yield* Clock.currentTimeMillis
    yield* effect
    return (yield* Clock.currentTimeMillis) - begin
  })

/** The stores of two machines of one fleet. */
export const twoMachines = Effect.fnUntraced(function* (
  options: Omit<RedisTokenStore.Options, "keys" | "plainText"> = {}
) {
  const all = { prefix: uniquePrefix(), keys: newKey(), ...options }
  return { ...all, a: yield* machine(all), b: yield* machine(all) }
})

/** A Redis that answers commands and scripts with JSON texts. Scripts are told by their arguments, keys first. */
export const stubRedis = (stub: {
  readonly send: (command: string) => Effect.Effect<string, Redis.RedisError>
  readonly evaluate: (parameters: ReadonlyArray<unknown>) => Effect.Effect<string, Redis.RedisError>
}) =>
  Layer.succeed(
    Redis.Redis,
    Redis.Redis.of({
      send: (command) => Effect.map(stub.send(command), (json) => JSON.parse(json)),
      eval:
        (script) =>
        (...parameters) =>
          Effect.map(stub.evaluate(script.params(...parameters)), (json) => JSON.parse(json)),
      reserve: Effect.die("not used"),
      subscribe: () => Effect.die("not used")
    })
  )
