import { ReconnectingRedis, RedisInstallStates, RedisWebhookDeduplication } from "@effect-icr/redis"
import { InstallStates } from "@effect-icr/webhooks/InstallStates"
import { WebhookDeduplication } from "@effect-icr/webhooks/WebhookDeduplication"
import { NodeRedis, NodeServices } from "@effect/platform-node"
import { assert, describe } from "@effect/vitest"
import { Context, Duration, Effect, Layer } from "effect"
import type { Redis } from "effect/persistence"
import { startRedis } from "../../examples/support/redis.ts"
import { connection, onOwnRedis, onRedis, raw, uniquePrefix } from "./support/redis.ts"

const window = Duration.minutes(10)

const deduplication = (prefix: string, redis: Layer.Layer<Redis.Redis, unknown> = connection()) =>
  Effect.map(
    Layer.build(Layer.fresh(RedisWebhookDeduplication.layerWith({ prefix })).pipe(Layer.provide(redis))),
    Context.get(WebhookDeduplication)
  )

const states = (prefix: string, redis: Layer.Layer<Redis.Redis, unknown> = connection()) =>
  Effect.map(
    Layer.build(Layer.fresh(RedisInstallStates.layerWith({ prefix })).pipe(Layer.provide(redis))),
    Context.get(InstallStates)
  )

/** A server that can be frozen, and a connection to it. */
const freezable = Effect.gen(function* () {
  const { pid, url } = yield* startRedis()
  return {
    // NodeRedis alone would wait for outstanding answers before it closes.
    redis: ReconnectingRedis.layer(NodeRedis.layer({ url })),
    freeze: Effect.sync(() => process.kill(pid, "SIGSTOP")),
    thaw: Effect.sync(() => process.kill(pid, "SIGCONT"))
  }
})

describe("RedisWebhookDeduplication", () => {
  onRedis(
    "accepts a delivery on one machine of the fleet only, until its window has passed",
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
      const left = yield* (yield* raw).send<number>("PTTL", `${prefix}v1:claim:delivery`)
      assert.isTrue(left > 590_000 && left <= 600_000, `${left}`)
      yield* Effect.sleep("300 millis")
      assert.isTrue(yield* a.claim("another", window))
    })
  )

  onRedis(
    "accepts a released delivery again, on any machine",
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
    "releases its own claim, and not one that another machine has made since",
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
    "accepts an infinite window",
    Effect.fnUntraced(function* () {
      const prefix = uniquePrefix()
      const [a, b] = [yield* deduplication(prefix), yield* deduplication(prefix)]
      assert.isTrue(yield* a.claim("delivery", Duration.infinity))
      assert.isFalse(yield* b.claim("delivery", Duration.infinity))
    })
  )

  onOwnRedis(
    "accepts a delivery again that was released during an outage",
    Effect.fnUntraced(function* () {
      const { freeze, redis, thaw } = yield* freezable
      const prefix = uniquePrefix()
      const [a, b] = [yield* deduplication(prefix, redis), yield* deduplication(prefix, redis)]
      assert.isTrue(yield* a.claim("before", window))
      yield* freeze
      // The first begins the outage and reaches Redis late, the second is never sent.
      for (const delivery of ["at the start", "during"]) assert.isTrue(yield* a.claim(delivery, window))
      for (const delivery of ["before", "at the start", "during"]) yield* a.release(delivery)
      yield* thaw
      // The test's own time limit ends this when one of them stays claimed.
      for (const delivery of ["before", "at the start", "during"]) {
        yield* Effect.repeat(Effect.delay(b.claim(delivery, window), "50 millis"), { until: (isFirst) => isFirst })
      }
    }, Effect.provide(NodeServices.layer))
  )

  onOwnRedis(
    "recognizes the deliveries of its own process during an outage",
    Effect.fnUntraced(function* () {
      const { freeze, redis } = yield* freezable
      const a = yield* deduplication(uniquePrefix(), redis)
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
    "lets a state be used once in a whole fleet",
    Effect.fnUntraced(function* () {
      const prefix = uniquePrefix()
      const [a, b] = [yield* states(prefix), yield* states(prefix)]
      assert.isTrue(yield* a.claim("state", window))
      assert.isFalse(yield* b.claim("state", window))
    })
  )

  onOwnRedis(
    "fails during an outage, with nothing secret in the message",
    Effect.fnUntraced(function* () {
      const { freeze, redis } = yield* freezable
      const a = yield* states(uniquePrefix(), redis)
      yield* freeze
      const error = yield* Effect.flip(a.claim("state", window))
      assert.strictEqual(error.detail, "Redis is unavailable (no answer within 250 ms)")
      assert.match(error.message, /claim failed: Redis is unavailable \(no answer within 250 ms\)$/)
    }, Effect.provide(NodeServices.layer))
  )

  onOwnRedis(
    "leaves a state unused that could not be checked during an outage",
    Effect.fnUntraced(function* () {
      const { freeze, redis, thaw } = yield* freezable
      const a = yield* states(uniquePrefix(), redis)
      yield* freeze
      yield* Effect.flip(a.claim("state", window))
      yield* thaw
      assert.isTrue(
        yield* Effect.eventually(Effect.tapError(a.claim("state", window), () => Effect.sleep("50 millis")))
      )
      assert.isFalse(yield* a.claim("state", window))
    }, Effect.provide(NodeServices.layer))
  )

  onOwnRedis(
    "keeps a state used when another attempt to use it gets no answer",
    Effect.fnUntraced(function* () {
      const { freeze, redis, thaw } = yield* freezable
      const a = yield* states(uniquePrefix(), redis)
      assert.isTrue(yield* a.claim("state", window))
      yield* freeze
      yield* Effect.flip(a.claim("state", window))
      yield* thaw
      assert.isFalse(
        yield* Effect.eventually(Effect.tapError(a.claim("state", window), () => Effect.sleep("50 millis")))
      )
    }, Effect.provide(NodeServices.layer))
  )
})
