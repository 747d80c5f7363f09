/** The Redis of a test file: found or started before its tests, stopped after them. */
import { RedisTokenStore } from "@effect-icr/redis"
import { TokenStore } from "@effect-icr/app"
import { NodeRedis, NodeServices } from "@effect/platform-node"
import { afterAll, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, ManagedRuntime, Option, Redacted, Scope } from "effect"
import { Redis } from "effect/persistence"
import { execFileSync } from "node:child_process"
import { randomBytes, randomUUID } from "node:crypto"
import { findRedis } from "../../../examples/support/redis.ts"

const runtime = ManagedRuntime.make(NodeServices.layer)
const scope = Scope.makeUnsafe()
const found = await runtime.runPromise(Scope.provide(findRedis, scope))
afterAll(() => Effect.runPromise(Effect.andThen(Scope.close(scope, Exit.void), runtime.disposeEffect)))

/** Where it is; empty where the tests are skipped. */
export const url = Option.getOrElse(found, () => "")

const hasServer = (() => {
  try {
    execFileSync("redis-server", ["--version"])
    return true
  } catch {
    return false
  }
})()

const missing = [
  ...(url === "" ? ["no Redis: neither REDIS_URL nor redis://127.0.0.1:6379 nor `redis-server` on the PATH"] : []),
  ...(hasServer ? [] : ["no `redis-server` on the PATH for the tests that stop and freeze one"])
]
if (missing.length > 0) {
  process.stderr.write(
    `\nSKIPPED tests under test/redis: ${missing.join("; ")}. Install Debian's package redis-server.\n`
  )
}

/** For tests that need a Redis. */
export const onRedis = it.live.skipIf(url === "")
/** For tests that need one of their own. */
export const onOwnRedis = it.live.skipIf(!hasServer)

/** Never the same twice, so that tests share a server without meeting. */
export const uniquePrefix = () => `icr-test-${randomUUID()}:`

/** A key to seal with. */
export const newKey = () => Redacted.make(randomBytes(32).toString("base64"))

/** A connection of its own, as another machine has. */
export const connection = () => Layer.fresh(NodeRedis.layer({ url }))

/** The store as one more machine of the fleet has it. */
export const machine = (
  options: RedisTokenStore.Options,
  over: Layer.Layer<Redis.Redis, Redis.RedisError> = connection()
) =>
  Effect.map(
    Layer.build(Layer.fresh(RedisTokenStore.layer(options)).pipe(Layer.provide(Layer.fresh(over)))),
    Context.get(TokenStore)
  )

/** A Redis without anything of ours in between. */
export const rawAt = (url: string, password?: string) =>
  Effect.map(
    Layer.build(Layer.fresh(NodeRedis.layer({ url, ...(password === undefined ? {} : { password }) }))),
    Context.get(Redis.Redis)
  )
/** The one of the tests. */
export const raw = rawAt(url)
