import { ReconnectingRedis, RedisTokenStore } from "@effect-icr/redis"
import type { TokenStore } from "@effect-icr/app"
import { NodeRedis, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Layer, Logger, Option, Redacted, Scope, Stream } from "effect"
import { Redis } from "effect/persistence"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import { startRedis } from "../../examples/support/redis.ts"
import { machine, newKey, onOwnRedis, onRedis, raw, rawAt, uniquePrefix } from "./support/redis.ts"

const hour = Duration.hours(1)
const key = "app-1@https://registry.test/installations/i-1"

const entry = (value: string, expiresAt: number) => ({ value: Redacted.make(value), expiresAt })

const valueIn = (store: TokenStore["Service"]) =>
  Effect.map(store.get(key), Option.match({ onNone: () => undefined, onSome: ({ value }) => Redacted.value(value) }))

/** A lease in a scope of its own, and how to give it back. */
const leased = Effect.fnUntraced(function* (store: TokenStore["Service"]) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  yield* Scope.provide(store.lease(key, Infinity), scope)
  return Scope.close(scope, Exit.void)
})

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const begin = yield* Clock.currentTimeMillis
    yield* effect
    return (yield* Clock.currentTimeMillis) - begin
  })

/** Two machines of one fleet. */
const two = Effect.fnUntraced(function* (options: Omit<RedisTokenStore.Options, "keys" | "plainText"> = {}) {
  const all = { prefix: uniquePrefix(), keys: newKey(), ...options }
  return { ...all, a: yield* machine(all), b: yield* machine(all) }
})

describe("a token", () => {
  onRedis(
    "set by one machine is there for the other until its life ends, and then gone from Redis",
    Effect.fnUntraced(function* () {
      const { a, b, prefix } = yield* two()
      yield* a.set(key, entry("token-1", 5000), Duration.millis(400))
      assert.strictEqual(yield* valueIn(b), "token-1")
      assert.deepStrictEqual(
        Option.map(yield* b.get(key), ({ expiresAt }) => expiresAt),
        Option.some(5000)
      )
      const told = Option.getOrUndefined(yield* b.get(key))?.timeLeft ?? Infinity
      assert.isTrue(told > 0 && told <= 400, `${told}`)
      const redis = yield* raw
      const left = yield* redis.send<number>("PTTL", `${prefix}token:${key}`)
      assert.isTrue(left > 0 && left <= 400, `${left}`)
      yield* Effect.sleep("500 millis")
      assert.strictEqual(yield* redis.send("EXISTS", `${prefix}token:${key}`), 0)
      assert.isUndefined(yield* valueIn(b))
    })
  )

  onRedis(
    "is sealed: Redis never has its text, another key opens nothing, and keys rotate",
    Effect.fnUntraced(function* () {
      const { a, keys, prefix } = yield* two()
      yield* a.set(key, entry("token-1", 5000), hour)
      const text = yield* (yield* raw).send<string>("GET", `${prefix}token:${key}`)
      assert.match(text, /^5000 icr1\./)
      assert.notInclude(text, "token-1")
      assert.isUndefined(yield* valueIn(yield* machine({ prefix, keys: newKey() })))
      assert.isUndefined(yield* valueIn(yield* machine({ prefix, plainText: true })))
      assert.strictEqual(yield* valueIn(yield* machine({ prefix, keys: [newKey(), keys] })), "token-1")
    })
  )

  onRedis(
    "is plain text only where that is asked for by name",
    Effect.fnUntraced(function* () {
      const prefix = uniquePrefix()
      const store = yield* machine({ prefix, plainText: true })
      yield* store.set(key, entry("token-1", 5000), hour)
      assert.include(yield* (yield* raw).send<string>("GET", `${prefix}token:${key}`), "token-1")
      assert.strictEqual(yield* valueIn(store), "token-1")
    })
  )

  onRedis(
    "is not replaced by one that ends earlier",
    Effect.fnUntraced(function* () {
      const { a, b } = yield* two()
      yield* a.set(key, entry("newer", 5001), hour)
      yield* b.set(key, entry("older", 5000), hour)
      assert.strictEqual(yield* valueIn(a), "newer")
      yield* b.set(key, entry("newest", 5002), hour)
      assert.strictEqual(yield* valueIn(a), "newest")
    })
  )

  onRedis(
    "is removed for an older one's sake only if it is that one",
    Effect.fnUntraced(function* () {
      const { a, b } = yield* two()
      yield* a.set(key, entry("token-1", 5000), hour)
      yield* b.remove(key, 4999)
      assert.strictEqual(yield* valueIn(a), "token-1")
      yield* b.remove(key, 5000)
      assert.isUndefined(yield* valueIn(a))
    })
  )

  onRedis(
    "that is no text at all is a miss",
    Effect.fnUntraced(function* () {
      const { a, prefix } = yield* two()
      const redis = yield* raw
      yield* redis.send("RPUSH", `${prefix}token:${key}`, "somebody else's")
      assert.isUndefined(yield* valueIn(a))
      yield* a.set("another key", entry("token-1", 5000), hour)
      assert.isTrue(Option.isSome(yield* a.get("another key")), "the others go on")
      yield* redis.send("DEL", `${prefix}token:${key}`)
      yield* redis.send("SET", `${prefix}token:${key}`, "nonsense")
      assert.isUndefined(yield* valueIn(a))
      yield* a.set(key, entry("token-1", 5000), hour)
      assert.strictEqual(yield* valueIn(a), "token-1")
    })
  )
})

describe("a lease", () => {
  onRedis(
    "is one machine's until given back; then the next one has it within moments",
    Effect.fnUntraced(function* () {
      const { a, b } = yield* two()
      const giveBack = yield* leased(a)
      const waiting = yield* Effect.forkChild(leased(b))
      yield* Effect.sleep("300 millis")
      assert.isUndefined(waiting.pollUnsafe())
      yield* giveBack
      assert.isBelow(yield* timed(Fiber.join(waiting)), 700)
    })
  )

  onRedis(
    "is renewed while its holder lives",
    Effect.fnUntraced(function* () {
      const { a, b } = yield* two({ lease: "300 millis" })
      const giveBack = yield* leased(a)
      const waiting = yield* Effect.forkChild(leased(b))
      yield* Effect.sleep("1200 millis")
      assert.isUndefined(waiting.pollUnsafe())
      yield* giveBack
      yield* Fiber.join(waiting)
    })
  )

  onRedis(
    "of a holder that died runs out by itself",
    Effect.fnUntraced(function* () {
      const { a, prefix } = yield* two()
      yield* (yield* raw).send("SET", `${prefix}lease:${key}`, "the dead", "PX", "400")
      const waited = yield* timed(leased(a))
      assert.isTrue(waited > 300 && waited < 1200, `${waited} ms`)
    })
  )

  onRedis(
    "is not given back by who lost it",
    Effect.fnUntraced(function* () {
      const { a, prefix } = yield* two()
      const redis = yield* raw
      const giveBack = yield* leased(a)
      yield* redis.send("SET", `${prefix}lease:${key}`, "another", "PX", "5000")
      yield* giveBack
      assert.strictEqual(yield* redis.send("GET", `${prefix}lease:${key}`), "another")
    })
  )

  onRedis(
    "is waited for within a bound, and then nobody else's is broken",
    Effect.fnUntraced(function* () {
      const { a, b, prefix } = yield* two({ wait: "300 millis" })
      yield* leased(a)
      const redis = yield* raw
      const owner = yield* redis.send("GET", `${prefix}lease:${key}`)
      const waited = yield* timed(Effect.flatten(leased(b)))
      assert.isTrue(waited >= 290 && waited < 1000, `${waited} ms`)
      assert.strictEqual(yield* redis.send("GET", `${prefix}lease:${key}`), owner)
    })
  )

  onRedis(
    "lost to another holder: what its former holder brings is not kept, however late it ends",
    Effect.fnUntraced(function* () {
      const { a, b, prefix } = yield* two()
      yield* leased(a)
      yield* (yield* raw).send("DEL", `${prefix}lease:${key}`)
      const giveBack = yield* leased(b)
      yield* b.set(key, entry("of the new holder", 5000), hour)
      yield* giveBack
      yield* a.set(key, entry("of the former holder", 6000), hour)
      assert.strictEqual(yield* valueIn(a), "of the new holder")
    })
  )

  onRedis(
    "goes with a removal: what was under way meanwhile does not come back",
    Effect.fnUntraced(function* () {
      const { a, b } = yield* two()
      const giveBack = yield* leased(a)
      yield* b.remove(key)
      yield* a.set(key, entry("asked for before the removal", 6000), hour)
      yield* giveBack
      assert.isUndefined(yield* valueIn(b))
    })
  )

  onRedis(
    "stays when a token is removed that is not there any more",
    Effect.fnUntraced(function* () {
      const { a, b } = yield* two()
      yield* leased(a)
      yield* b.remove(key, 5000)
      yield* a.set(key, entry("the replacement", 6000), hour)
      assert.strictEqual(yield* valueIn(b), "the replacement")
    })
  )
})

describe("an answer that is late", () => {
  onRedis(
    "because this process was busy does not count as an outage",
    Effect.fnUntraced(function* () {
      const { a } = yield* two()
      yield* a.set(key, entry("token-1", 5000), hour)
      const reading = yield* Effect.forkChild(valueIn(a), { startImmediately: true })
      const begin = performance.now()
      while (performance.now() - begin < 600) {
        // Nothing else runs meanwhile, timers included.
      }
      assert.strictEqual(yield* Fiber.join(reading), "token-1")
    })
  )

  onOwnRedis(
    "leaves no lease behind that nobody holds",
    Effect.fnUntraced(function* () {
      const { pid, url } = yield* startRedis()
      const over = ReconnectingRedis.layer(NodeRedis.layer({ url }))
      const all = { prefix: uniquePrefix(), keys: newKey() }
      const [a, b] = [yield* machine(all, over), yield* machine(all, over)]
      // Redis knows the scripts.
      yield* Effect.flatten(leased(a))
      process.kill(pid, "SIGSTOP")
      yield* Effect.flatten(leased(a))
      process.kill(pid, "SIGCONT")
      // Long enough for the late answers, and for b to have found out by itself that Redis is there.
      yield* Effect.sleep("300 millis")
      assert.isBelow(yield* timed(leased(b)), 1000)
      assert.isNotEmpty(yield* (yield* rawAt(url)).send<string>("GET", `${all.prefix}lease:${key}`))
    }, Effect.provide(NodeServices.layer))
  )
})

describe("a removal", () => {
  onRedis(
    "reaches the other machines within the stated delay, and not the one that made it",
    Effect.fnUntraced(function* () {
      const { a, b } = yield* two()
      const [atA, atB]: [Array<unknown>, Array<unknown>] = [[], []]
      for (const [store, seen] of [
        [a, atA],
        [b, atB]
      ] as const) {
        const removals = store.removals ?? Stream.die("the store tells nothing")
        yield* Effect.forkScoped(Stream.runForEach(removals, (removal) => Effect.sync(() => seen.push(removal))))
      }
      yield* Effect.sleep("100 millis")
      yield* a.remove(key, 5000)
      yield* a.remove(key)
      yield* Effect.sleep(RedisTokenStore.removalDelay)
      assert.deepStrictEqual(atB, [
        { key, upTo: 5000 },
        { key, upTo: Infinity }
      ])
      assert.deepStrictEqual(atA, [])
    })
  )

  it.effect(
    "is told once, however many are made at once",
    Effect.fnUntraced(function* () {
      let told = 0
      const over = Layer.succeed(
        Redis.Redis,
        Redis.Redis.of({
          send: () => Effect.die("not used"),
          eval: () => () =>
            Effect.andThen(
              Effect.yieldNow,
              Effect.sync(() => JSON.parse(String(++told)))
            ),
          reserve: Effect.die("not used"),
          subscribe: () => Effect.die("not used")
        })
      )
      const store = yield* machine({ plainText: true }, over)
      const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`)
      yield* Effect.forEach(keys, (key) => store.remove(key), { concurrency: "unbounded", discard: true })
      assert.strictEqual(told, 50)
    })
  )

  onOwnRedis(
    "made while Redis is away is told as soon as it is back: nobody gets that token any more",
    Effect.fnUntraced(function* () {
      const { pid, url } = yield* startRedis()
      const over = ReconnectingRedis.layer(NodeRedis.layer({ url }))
      const all = { prefix: uniquePrefix(), keys: newKey() }
      const [a, b] = [yield* machine(all, over), yield* machine(all, over)]
      const seen: Array<unknown> = []
      const removals = b.removals ?? Stream.die("the store tells nothing")
      yield* Effect.forkScoped(Stream.runForEach(removals, (removal) => Effect.sync(() => seen.push(removal))))
      yield* a.set(key, entry("token-1", 5000), hour)
      assert.strictEqual(yield* valueIn(b), "token-1")
      process.kill(pid, "SIGSTOP")
      assert.isUndefined(yield* valueIn(a))
      yield* a.remove(key, 5000)
      yield* a.remove("another key")
      process.kill(pid, "SIGCONT")
      // Ends by the test's own limit where they are never told.
      yield* Effect.repeat(Effect.sleep("50 millis"), { until: () => Effect.sync(() => seen.length === 2) })
      assert.deepStrictEqual(seen, [
        { key, upTo: 5000 },
        { key: "another key", upTo: Infinity }
      ])
      assert.isUndefined(yield* valueIn(b))
      // Told once.
      yield* b.set("another key", entry("token-2", 6000), hour)
      yield* a.remove(key, 5000)
      assert.isTrue(Option.isSome(yield* b.get("another key")))
    }, Effect.provide(NodeServices.layer))
  )
})

describe("a token that a machine cannot open", () => {
  const foreign = {
    "of another key": (redis: Redis.Redis["Service"], at: string) =>
      redis.send("SET", at, "9000 icr1.other.sealed", "PX", "3600000"),
    "without an end": (redis: Redis.Redis["Service"], at: string) => redis.send("SET", at, "99999999999999 plain.x")
  }
  for (const [name, put] of Object.entries(foreign)) {
    onRedis(
      `${name} takes nobody's lease away, and is replaced`,
      Effect.fnUntraced(function* () {
        const { a, b, prefix } = yield* two()
        const redis = yield* raw
        yield* put(redis, `${prefix}token:${key}`)
        for (const store of [a, b]) assert.isUndefined(yield* valueIn(store))
        const scope = yield* Scope.fork(yield* Effect.scope)
        assert.isFalse(yield* Scope.provide(a.lease(key, 0), scope))
        const waiting = yield* Effect.forkScoped(b.lease(key, 0), { startImmediately: true })
        assert.isNotNull(yield* redis.send("GET", `${prefix}lease:${key}`))
        yield* a.set(key, entry("token-1", 5000), hour)
        yield* Scope.close(scope, Exit.void)
        assert.isTrue(yield* Fiber.join(waiting))
        assert.strictEqual(yield* valueIn(b), "token-1")
      })
    )
  }
})

describe("an error of Redis", () => {
  it.effect(
    "that comes back as soon as Redis does is warned of less and less often",
    Effect.fnUntraced(function* () {
      const refusing = new Redis.RedisError({ cause: new Error("NOPERM this user has no permissions") })
      const over = Layer.succeed(
        Redis.Redis,
        Redis.Redis.of({
          send: (command) => (command === "SET" ? Effect.sync(() => JSON.parse('"OK"')) : Effect.fail(refusing)),
          eval: () => () => Effect.fail(refusing),
          reserve: Effect.fail(refusing),
          subscribe: () => Effect.die("not used")
        })
      )
      const warnings: Array<number> = []
      let now = 0
      const logger = Logger.make(({ logLevel }) => void (logLevel === "Warn" && warnings.push(now)))
      yield* Effect.gen(function* () {
        const store = yield* machine({ plainText: true }, over)
        for (; now <= 300; now++) {
          assert.isUndefined(yield* valueIn(store))
          yield* TestClock.adjust("1 second")
        }
      }).pipe(Effect.provide(Logger.layer([logger])))
      assert.deepStrictEqual(warnings, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
    })
  )

  it.effect(
    "shows its code and nothing that it quotes",
    Effect.fnUntraced(function* () {
      const quoting = new Redis.RedisError({
        cause: new Error("ERR unknown command, with args beginning with: 'crs_1'")
      })
      const failing = Layer.succeed(
        Redis.Redis,
        Redis.Redis.of({
          send: () => Effect.fail(quoting),
          eval: () => () => Effect.fail(quoting),
          reserve: Effect.fail(quoting),
          subscribe: () => Effect.die("not used")
        })
      )
      const lines: Array<string> = []
      const logger = Logger.make(({ cause, message }) => void lines.push(`${String(message)} ${inspect(cause)}`))
      yield* Effect.gen(function* () {
        const store = yield* machine({ plainText: true }, failing)
        yield* store.set(key, entry("crs_1", 5000), hour)
        assert.isUndefined(yield* valueIn(store))
        yield* TestClock.adjust("10 seconds")
      }).pipe(Effect.provide(Logger.layer([logger])))
      assert.strictEqual(lines.length, 1)
      assert.include(lines[0], "Redis is away (ERR)")
      assert.notInclude(lines[0], "crs_1")
    })
  )
})

describe("options", () => {
  for (const name of ["timeout", "lease", "wait"]) {
    onRedis(
      `${name} must be a duration`,
      Effect.fnUntraced(function* () {
        for (const wrong of [0, -1, Number.NaN, Infinity]) {
          const error = yield* Effect.flip(machine({ plainText: true, [name]: wrong }))
          assert.include(error.message, name)
        }
      })
    )
  }

  onRedis(
    "without a key the layer fails and says which variable is missing",
    Effect.fnUntraced(function* () {
      const error = yield* Effect.flip(machine({}))
      assert.include(error.message, "ICR_TOKEN_STORE_KEY")
    })
  )
})
