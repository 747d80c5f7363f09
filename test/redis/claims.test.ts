import { InstallStates, WebhookDeduplication } from "@effect-icr/app"
import { ReconnectingRedis, RedisInstallStates, RedisWebhookDeduplication } from "@effect-icr/redis"
import { NodeRedis, NodeServices } from "@effect/platform-node"
import { assert, describe } from "@effect/vitest"
import { Context, Duration, Effect, Layer } from "effect"
import type { Redis } from "effect/persistence"
import { startRedis } from "../../examples/support/redis.ts"
import { connection, onOwnRedis, onRedis, raw, uniquePrefix } from "./support/redis.ts"

const window = Duration.minutes(10)

const deduplication = (prefix: string, over: Layer.Layer<Redis.Redis, unknown> = connection()) =>
  Effect.map(
    Layer.build(Layer.fresh(RedisWebhookDeduplication.layer({ prefix })).pipe(Layer.provide(over))),
    Context.get(WebhookDeduplication)
  )

const states = (prefix: string, over: Layer.Layer<Redis.Redis, unknown> = connection()) =>
  Effect.map(
    Layer.build(Layer.fresh(RedisInstallStates.layer({ prefix })).pipe(Layer.provide(over))),
    Context.get(InstallStates)
  )

/** A server about to be frozen, and a connection to it. */
const frozenLater = Effect.gen(function* () {
  const { pid, url } = yield* startRedis()
  return {
    // A client on its own would wait for the frozen one's answers before it closes.
    over: ReconnectingRedis.layer(NodeRedis.layer({ url })),
    freeze: Effect.sync(() => process.kill(pid, "SIGSTOP"))
  }
})

describe("RedisWebhookDeduplication", () => {
  onRedis(
    "takes a delivery as new on one machine of the fleet only, until its window has passed",
    Effect.fnUntraced(function* () {
      const prefix = uniquePrefix()
      const [a, b] = [yield* deduplication(prefix), yield* deduplication(prefix)]
      const claims = yield* Effect.all(
        [a, b, a, b].map((machine) => machine.claim("delivery", window)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(claims.filter((isFirst) => isFirst).length, 1)
      assert.isTrue(yield* b.claim("another", Duration.millis(200)))
      assert.isFalse(yield* a.claim("another", window))
      const left = yield* (yield* raw).send<number>("PTTL", `${prefix}claim:delivery`)
      assert.isTrue(left > 590_000 && left <= 600_000, `${left}`)
      yield* Effect.sleep("300 millis")
      assert.isTrue(yield* a.claim("another", window))
    })
  )

  onRedis(
    "takes it again, anywhere, when working on it failed",
    Effect.fnUntraced(function* () {
      const prefix = uniquePrefix()
      const [a, b] = [yield* deduplication(prefix), yield* deduplication(prefix)]
      assert.isTrue(yield* a.claim("delivery", window))
      assert.isFalse(yield* b.claim("delivery", window))
      yield* a.release("delivery")
      assert.isTrue(yield* b.claim("delivery", window))
    })
  )

  onOwnRedis(
    "goes on with what the process itself took in while Redis is away",
    Effect.fnUntraced(function* () {
      const { freeze, over } = yield* frozenLater
      const a = yield* deduplication(uniquePrefix(), over)
      assert.isTrue(yield* a.claim("before", window))
      yield* freeze
      assert.isTrue(yield* a.claim("during", window))
      assert.isFalse(yield* a.claim("during", window))
      assert.isFalse(yield* a.claim("before", window))
    }, Effect.provide(NodeServices.layer))
  )
})

describe("RedisInstallStates", () => {
  onRedis(
    "lets a state be used once in the whole fleet",
    Effect.fnUntraced(function* () {
      const prefix = uniquePrefix()
      const [a, b] = [yield* states(prefix), yield* states(prefix)]
      assert.isTrue(yield* a.claim("state", window))
      assert.isFalse(yield* b.claim("state", window))
    })
  )

  onOwnRedis(
    "fails while Redis is away, and shows nothing secret",
    Effect.fnUntraced(function* () {
      const { freeze, over } = yield* frozenLater
      const a = yield* states(uniquePrefix(), over)
      yield* freeze
      const error = yield* Effect.flip(a.claim("state", window))
      assert.strictEqual(error.message, "Claims.claim failed: Redis is away (no answer within 250 ms)")
    }, Effect.provide(NodeServices.layer))
  )
})
