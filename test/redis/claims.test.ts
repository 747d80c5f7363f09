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
    freeze: Effect.sync(() => process.kill(pid, "SIGSTOP")),
    thaw: Effect.sync(() => process.kill(pid, "SIGCONT"))
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

  onRedis(
    "gives back what is its own, and not what another machine has taken since",
    Effect.fnUntraced(function* () {
      const prefix = uniquePrefix()
      const [a, b] = [yield* deduplication(prefix), yield* deduplication(prefix)]
      assert.isTrue(yield* a.claim("delivery", Duration.millis(100)))
      yield* Effect.sleep("200 millis")
      assert.isTrue(yield* b.claim("delivery", window))
      yield* a.release("delivery")
      assert.isFalse(yield* a.claim("delivery", window))
    })
  )

  onRedis(
    "knows a window without end",
    Effect.fnUntraced(function* () {
      const prefix = uniquePrefix()
      const [a, b] = [yield* deduplication(prefix), yield* deduplication(prefix)]
      assert.isTrue(yield* a.claim("delivery", Duration.infinity))
      assert.isFalse(yield* b.claim("delivery", Duration.infinity))
    })
  )

  onOwnRedis(
    "takes a delivery again when working on it failed while Redis was away",
    Effect.fnUntraced(function* () {
      const { freeze, over, thaw } = yield* frozenLater
      const prefix = uniquePrefix()
      const [a, b] = [yield* deduplication(prefix, over), yield* deduplication(prefix, over)]
      assert.isTrue(yield* a.claim("before", window))
      yield* freeze
      // The first opens the outage and reaches Redis late, the second never does.
      for (const delivery of ["at its start", "during"]) assert.isTrue(yield* a.claim(delivery, window))
      for (const delivery of ["before", "at its start", "during"]) yield* a.release(delivery)
      yield* thaw
      // Ends by the test's own limit where one of them stays taken.
      for (const delivery of ["before", "at its start", "during"]) {
        yield* Effect.repeat(Effect.delay(b.claim(delivery, window), "50 millis"), { until: (isFirst) => isFirst })
      }
    }, Effect.provide(NodeServices.layer))
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

  onOwnRedis(
    "has a state still when Redis is back that could not be checked before",
    Effect.fnUntraced(function* () {
      const { freeze, over, thaw } = yield* frozenLater
      const a = yield* states(uniquePrefix(), over)
      yield* freeze
      yield* Effect.flip(a.claim("state", window))
      yield* thaw
      assert.isTrue(
        yield* Effect.eventually(Effect.tapError(a.claim("state", window), () => Effect.sleep("50 millis")))
      )
      assert.isFalse(yield* a.claim("state", window))
    }, Effect.provide(NodeServices.layer))
  )
})
