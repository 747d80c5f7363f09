import { ReconnectingRedis } from "@effect-icr/redis"
import { NodeRedis, NodeServices } from "@effect/platform-node"
import { assert, describe } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { startRedis } from "../../examples/support/redis.ts"
import { machine, newKey, onOwnRedis, onRedis, raw, rawAt, uniquePrefix } from "./support/redis.ts"
import { acquireLease, entry, hour, key, timed, twoMachines, valueIn } from "./support/store.ts"

describe("RedisTokenStore: a lease", () => {
  onRedis(
    "is held by one machine until released; the next one then acquires it within moments",
    Effect.fnUntraced(function* () {
      const { a, b } = yield* twoMachines()
      const release = yield* acquireLease(a)
      const waiting = yield* Effect.forkChild(acquireLease(b))
      yield* Effect.sleep("300 millis")
      assert.isUndefined(waiting.pollUnsafe())
      yield* release
      assert.isBelow(yield* timed(Fiber.join(waiting)), 700)
    })
  )

  onRedis(
    "is renewed while its holder lives",
    Effect.fnUntraced(function* () {
      const { a, b, prefix } = yield* twoMachines({ lease: "2 seconds" })
      const release = yield* acquireLease(a)
      const waiting = yield* Effect.forkChild(acquireLease(b))
      const left = Effect.map(
        Effect.flatMap(raw, (redis) => redis.send("PTTL", `${prefix}v1:lease:${key}`)),
        Number
      )
      yield* Effect.repeat(Effect.delay(left, 20), { until: (millis) => millis < 1700 })
      yield* Effect.repeat(Effect.delay(left, 20), { until: (millis) => millis > 1800 || millis < 0 })
      assert.isAbove(yield* left, 0)
      assert.isUndefined(waiting.pollUnsafe())
      yield* release
      yield* Fiber.join(waiting)
    })
  )

  onRedis(
    "of a holder that died expires",
    Effect.fnUntraced(function* () {
      const { a, prefix } = yield* twoMachines()
      yield* (yield* raw).send("SET", `${prefix}v1:lease:${key}`, "the dead", "PX", "400")
      const waited = yield* timed(acquireLease(a))
      assert.isTrue(waited > 300 && waited < 1200, `${waited} ms`)
    })
  )

  onRedis(
    "is not released by a former holder",
    Effect.fnUntraced(function* () {
      const { a, prefix } = yield* twoMachines()
      const redis = yield* raw
      const release = yield* acquireLease(a)
      yield* redis.send("SET", `${prefix}v1:lease:${key}`, "another", "PX", "5000")
      yield* release
      assert.strictEqual(yield* redis.send("GET", `${prefix}v1:lease:${key}`), "another")
    })
  )

  onRedis(
    "is waited for no longer than the limit, and not taken from its holder",
    Effect.fnUntraced(function* () {
      const { a, b, prefix } = yield* twoMachines({ wait: "300 millis" })
      yield* acquireLease(a)
      const redis = yield* raw
      const owner = yield* redis.send("GET", `${prefix}v1:lease:${key}`)
      const waited = yield* timed(Effect.flatten(acquireLease(b)))
      assert.isTrue(waited >= 290 && waited < 1000, `${waited} ms`)
      assert.strictEqual(yield* redis.send("GET", `${prefix}v1:lease:${key}`), owner)
    })
  )

  onRedis(
    "lost to another holder: the former holder's token is not stored, however late it ends",
    Effect.fnUntraced(function* () {
      const { a, b, prefix } = yield* twoMachines()
      yield* acquireLease(a)
      yield* (yield* raw).send("DEL", `${prefix}v1:lease:${key}`)
      const release = yield* acquireLease(b)
      yield* b.set(key, entry("of the new holder", 5000), hour)
      yield* release
      yield* a.set(key, entry("of the former holder", 6000), hour)
      assert.strictEqual(yield* valueIn(a), "of the new holder")
    })
  )

  onRedis(
    "is deleted by an invalidation: a token that was being exchanged meanwhile is not stored",
    Effect.fnUntraced(function* () {
      const { a, b } = yield* twoMachines()
      const release = yield* acquireLease(a)
      yield* b.remove(key)
      yield* a.set(key, entry("requested before the invalidation", 6000), hour)
      yield* release
      assert.isUndefined(yield* valueIn(b))
    })
  )

  onRedis(
    "stays when a token is invalidated that is no longer stored",
    Effect.fnUntraced(function* () {
      const { a, b } = yield* twoMachines()
      yield* acquireLease(a)
      yield* b.remove(key, 5000)
      yield* a.set(key, entry("the replacement", 6000), hour)
      assert.strictEqual(yield* valueIn(b), "the replacement")
    })
  )

  onOwnRedis(
    "that Redis grants after the caller has given up is released",
    Effect.fnUntraced(function* () {
      const { pid, url } = yield* startRedis()
      const redis = ReconnectingRedis.layer(NodeRedis.layer({ url }))
      const all = { prefix: uniquePrefix(), keys: newKey() }
      const [a, b] = [yield* machine(all, redis), yield* machine(all, redis)]
      // Loads the scripts into Redis.
      yield* Effect.flatten(acquireLease(a))
      process.kill(pid, "SIGSTOP")
      yield* Effect.flatten(acquireLease(a))
      process.kill(pid, "SIGCONT")
      // Long enough for the late answers, and for b's own connection to find Redis available.
      yield* Effect.sleep("300 millis")
      assert.isBelow(yield* timed(acquireLease(b)), 1000)
      assert.isNotEmpty(yield* (yield* rawAt(url)).send<string>("GET", `${all.prefix}v1:lease:${key}`))
    }, Effect.provide(NodeServices.layer))
  )
})
