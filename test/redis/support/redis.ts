/** The Redis of a test file. Found or started before its tests; if started, stopped after them. */
import { RedisTokenStore } from "@effect-icr/redis"
import { TokenStore } from "@effect-icr/app"
import { NodeRedis, NodeServices } from "@effect/platform-node"
import { afterAll, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, ManagedRuntime, Option, Redacted, Scope } from "effect"
import { Redis } from "effect/persistence"
import { execFileSync } from "node:child_process"
import { randomBytes, randomUUID } from "node:crypto"
import { findRedis, redisServer } from "../../../examples/support/redis.ts"

const runtime = ManagedRuntime.make(NodeServices.layer)
const scope = Scope.makeUnsafe()
const found = await runtime.runPromise(Scope.provide(findRedis, scope))
afterAll(() => Effect.runPromise(Effect.andThen(Scope.close(scope, Exit.void), runtime.disposeEffect)))

/** Its address. Empty when there is none and the tests are skipped. */
export const url = Option.getOrElse(found, () => "")

const hasServer = (() => {
  try {
    execFileSync(redisServer, ["--version"])
    return true
  } catch {
    return false
  }
})()

const missing = [
  ...(url === "" ? [`no Redis: neither REDIS_URL nor redis://127.0.0.1:6379 nor ${redisServer} on the PATH`] : []),
  ...(hasServer ? [] : [`no ${redisServer} on the PATH for the tests that start their own`])
]
if (missing.length > 0) {
  process.stderr.write(
    `\nSKIPPED tests under test/redis: ${missing.join("; ")}. Install Debian's package redis-server.\n`
  )
}

/** A test that needs a Redis. */
export const onRedis = it.live.skipIf(url === "")
/** A test that starts its own Redis. */
export const onOwnRedis = it.live.skipIf(!hasServer)

/** A prefix used once, so that tests can share a server. */
export const uniquePrefix = () => `icr-test-${randomUUID()}:`

/** A random key to seal tokens with. */
export const newKey = () => Redacted.make(randomBytes(32).toString("base64"))

/** A new connection, as each machine has one. */
export const connection = () => Layer.fresh(NodeRedis.layer({ url }))

/** The token store of one more machine of the fleet. */
export const machine = (
  options: RedisTokenStore.Options,
  redis: Layer.Layer<Redis.Redis, Redis.RedisError> = connection()
) =>
  Effect.map(
    Layer.build(Layer.fresh(RedisTokenStore.layerWith(options)).pipe(Layer.provide(Layer.fresh(redis)))),
    Context.get(TokenStore)
  )

/** A plain Redis client. */
export const rawAt = (url: string, password?: string) =>
  Effect.map(
    Layer.build(Layer.fresh(NodeRedis.layer({ url, ...(password === undefined ? {} : { password }) }))),
    Context.get(Redis.Redis)
  )
/** A plain client for the Redis of the test file. */
export const raw = rawAt(url)
