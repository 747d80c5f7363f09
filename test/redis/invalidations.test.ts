import { ReconnectingRedis, RedisTokenStore } from "@effect-icr/redis"
import type { TokenStore } from "@effect-icr/app"
import { NodeRedis, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Ref, Stream } from "effect"
import { Redis } from "effect/persistence"
import { TestClock } from "effect/testing"
import { startRedis } from "../../examples/support/redis.ts"
import { machine, newKey, onOwnRedis, onRedis, uniquePrefix } from "./support/redis.ts"
import { entry, hour, key, stubRedis, twoMachines, valueIn } from "./support/store.ts"

/** What a store is told of the invalidations by others, from now on. */
const recorded = Effect.fnUntraced(function* (store: TokenStore["Service"]) {
  const seen: Array<unknown> = []
  const removals = store.removals ?? Stream.die("the store has no stream of removals")
  yield* Effect.forkScoped(Stream.runForEach(removals, (removal) => Effect.sync(() => seen.push(removal))))
  return seen
})

describe("RedisTokenStore: an invalidation", () => {
  onRedis(
    "reaches the other machines within the stated delay, and not the one that made it",
    Effect.fnUntraced(function* () {
      const { a, b } = yield* twoMachines()
      const [atA, atB] = [yield* recorded(a), yield* recorded(b)]
      yield* Effect.sleep("100 millis")
      yield* a.remove(key, 5000)
      yield* a.remove(key)
      yield* Effect.sleep(RedisTokenStore.invalidationDelay)
      assert.deepStrictEqual(atB, [
        { key, upTo: 5000 },
        { key, upTo: Infinity }
      ])
      assert.deepStrictEqual(atA, [])
    })
  )

  it.effect(
    "is written once, however many are made at once",
    Effect.fnUntraced(function* () {
      const written = yield* Ref.make(0)
      const redis = stubRedis({
        send: () => Effect.die("not used"),
        evaluate: () =>
          Effect.as(
            Effect.andThen(
              Effect.yieldNow,
              Ref.update(written, (count) => count + 1)
            ),
            "1"
          )
      })
      const store = yield* machine({ plainText: true }, redis)
      const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`)
      yield* Effect.forEach(keys, (key) => store.remove(key), { concurrency: "unbounded", discard: true })
      assert.strictEqual(yield* Ref.get(written), 50)
    })
  )

  onOwnRedis(
    "made during an outage is written before any token is read: no machine gets that token again",
    Effect.fnUntraced(function* () {
      const { pid, url } = yield* startRedis()
      const redis = ReconnectingRedis.layer(NodeRedis.layer({ url }))
      const all = { prefix: uniquePrefix(), keys: newKey() }
      const [a, b] = [yield* machine(all, redis), yield* machine(all, redis)]
      const seen = yield* recorded(b)
      yield* a.set(key, entry("token-1", 5000), hour)
      assert.strictEqual(yield* valueIn(b), "token-1")
      process.kill(pid, "SIGSTOP")
      assert.isUndefined(yield* valueIn(a))
      yield* a.remove(key, 5000)
      yield* a.remove("another key")
      process.kill(pid, "SIGCONT")
      // The test's own time limit ends this when they are never written.
      yield* Effect.repeat(Effect.sleep("50 millis"), { until: () => Effect.sync(() => seen.length === 2) })
      assert.sameDeepMembers(seen, [
        { key, upTo: 5000 },
        { key: "another key", upTo: Infinity }
      ])
      assert.isUndefined(yield* valueIn(b))
      // Each was written once.
      yield* b.set("another key", entry("token-2", 6000), hour)
      yield* a.remove(key, 5000)
      assert.isTrue(Option.isSome(yield* b.get("another key")))
    }, Effect.provide(NodeServices.layer))
  )

  it.effect(
    "made during an outage stays pending until it is written; beyond 10,000, those whose tokens end first are dropped",
    Effect.fnUntraced(function* () {
      const isDown = yield* Ref.make(true)
      const written: Array<string> = []
      const whenUp = (answer: Effect.Effect<string>) =>
        Effect.flatMap(Ref.get(isDown), (isDown) =>
          isDown ? Effect.fail(new Redis.RedisError({ cause: new Error("OOM command not allowed") })) : answer
        )
      const redis = stubRedis({
        send: () => whenUp(Effect.succeed('"OK"')),
        evaluate: ([token, _lease, _log, upTo]) =>
          whenUp(
            Effect.sync(() => {
              if (!String(token).includes(":probe")) written.push(String(upTo))
              return "1"
            })
          )
      })
      const store = yield* machine({ plainText: true }, redis)
      const ends = Array.from({ length: 10_002 }, (_, index) => index)
      yield* Effect.forEach(ends, (end) => store.remove(`key ${end}`, end), { discard: true })
      // The same key twice is one invalidation, up to the later end.
      yield* store.remove("key 5000", 20_000)
      yield* store.remove("key 5000", 5000)
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(written, [])
      yield* Ref.set(isDown, false)
      const expected = ends.slice(2).map((end) => String(end === 5000 ? 20_000 : end))
      // A busy test machine does not write all of them while the clock passes the limit of one command: it goes on later.
      yield* Effect.repeat(TestClock.adjust("1 second"), { until: () => new Set(written).size >= expected.length })
      assert.sameMembers([...new Set(written)], expected)
    })
  )
})
