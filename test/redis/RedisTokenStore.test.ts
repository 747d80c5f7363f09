import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Logger, Option, Scope } from "effect"
import { Redis } from "effect/persistence"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import { machine, newKey, onRedis, raw, uniquePrefix } from "./support/redis.ts"
import { entry, hour, key, stubRedis, twoMachines, valueIn } from "./support/store.ts"

describe("RedisTokenStore: a token", () => {
  onRedis(
    "that one machine stores is read by another until it ends, and is then deleted from Redis",
    Effect.fnUntraced(function* () {
      const { a, b, prefix } = yield* twoMachines()
      yield* a.set(key, entry("token-1", 5000), Duration.millis(400))
      assert.strictEqual(yield* valueIn(b), "token-1")
      assert.deepStrictEqual(
        Option.map(yield* b.get(key), ({ expiresAt }) => expiresAt),
        Option.some(5000)
      )
      const timeLeft = Option.getOrUndefined(yield* b.get(key))?.timeLeft ?? Infinity
      assert.isTrue(timeLeft > 0 && timeLeft <= 400, `${timeLeft}`)
      const redis = yield* raw
      const left = yield* redis.send<number>("PTTL", `${prefix}v1:token:${key}`)
      assert.isTrue(left > 0 && left <= 400, `${left}`)
      yield* Effect.sleep("500 millis")
      assert.strictEqual(yield* redis.send("EXISTS", `${prefix}v1:token:${key}`), 0)
      assert.isUndefined(yield* valueIn(b))
    })
  )

  onRedis(
    "is sealed: Redis never holds its text, another key does not open it, and keys can be rotated",
    Effect.fnUntraced(function* () {
      const { a, keys, prefix } = yield* twoMachines()
      yield* a.set(key, entry("token-1", 5000), hour)
      const text = yield* (yield* raw).send<string>("GET", `${prefix}v1:token:${key}`)
      assert.match(text, /^5000 icr1\./)
      assert.notInclude(text, "token-1")
      assert.isUndefined(yield* valueIn(yield* machine({ prefix, keys: newKey() })))
      assert.isUndefined(yield* valueIn(yield* machine({ prefix, plainText: true })))
      assert.strictEqual(yield* valueIn(yield* machine({ prefix, keys: [newKey(), keys] })), "token-1")
    })
  )

  onRedis(
    "is stored as plain text only with the option of that name",
    Effect.fnUntraced(function* () {
      const prefix = uniquePrefix()
      const store = yield* machine({ prefix, plainText: true })
      yield* store.set(key, entry("token-1", 5000), hour)
      assert.include(yield* (yield* raw).send<string>("GET", `${prefix}v1:token:${key}`), "token-1")
      assert.strictEqual(yield* valueIn(store), "token-1")
    })
  )

  onRedis(
    "has the format version in its key: what other versions of this program stored is neither read nor changed",
    Effect.fnUntraced(function* () {
      const { a, prefix } = yield* twoMachines()
      const redis = yield* raw
      const others = [`${prefix}token:${key}`, `${prefix}v0:token:${key}`]
      for (const other of others) yield* redis.send("SET", other, "9000 of another version", "PX", "60000")
      assert.isUndefined(yield* valueIn(a))
      yield* a.set(key, entry("token-1", 5000), hour)
      yield* a.remove(key)
      yield* Effect.scoped(a.lease(key, Infinity))
      for (const other of others) assert.strictEqual(yield* redis.send("GET", other), "9000 of another version")
      const own = (yield* redis.send<Array<string>>("KEYS", `${prefix}*`)).filter((name) => !others.includes(name))
      assert.deepStrictEqual(own, [`${prefix}v1:invalidations`])
    })
  )

  onRedis(
    "is not replaced by one that ends earlier",
    Effect.fnUntraced(function* () {
      const { a, b } = yield* twoMachines()
      yield* a.set(key, entry("newer", 5001), hour)
      yield* b.set(key, entry("older", 5000), hour)
      assert.strictEqual(yield* valueIn(a), "newer")
      yield* b.set(key, entry("newest", 5002), hour)
      assert.strictEqual(yield* valueIn(a), "newest")
    })
  )

  onRedis(
    "stays when an older one is removed",
    Effect.fnUntraced(function* () {
      const { a, b } = yield* twoMachines()
      yield* a.set(key, entry("token-1", 5000), hour)
      yield* b.remove(key, 4999)
      assert.strictEqual(yield* valueIn(a), "token-1")
      yield* b.remove(key, 5000)
      assert.isUndefined(yield* valueIn(a))
    })
  )
})

describe("RedisTokenStore: an unreadable entry", () => {
  onRedis(
    "whose end was moved 100 years ahead is a miss, and is replaced by a token that ends earlier",
    Effect.fnUntraced(function* () {
      const { a, b, prefix } = yield* twoMachines()
      const redis = yield* raw
      yield* a.set(key, entry("stolen", 5000), hour)
      const text = yield* redis.send<string>("GET", `${prefix}v1:token:${key}`)
      const moved = text.replace(/^5000 /, `${5000 + Duration.toMillis("36500 days")} `)
      yield* redis.send("SET", `${prefix}v1:token:${key}`, moved, "KEEPTTL")
      assert.isUndefined(yield* valueIn(b))
      yield* b.set(key, entry("token-2", 4000), hour)
      assert.strictEqual(yield* valueIn(a), "token-2")
    })
  )

  onRedis(
    "of another type or form is a miss, and other keys are still served",
    Effect.fnUntraced(function* () {
      const { a, prefix } = yield* twoMachines()
      const redis = yield* raw
      yield* redis.send("RPUSH", `${prefix}v1:token:${key}`, "a list")
      assert.isUndefined(yield* valueIn(a))
      yield* a.set("another key", entry("token-1", 5000), hour)
      assert.isTrue(Option.isSome(yield* a.get("another key")))
      yield* redis.send("DEL", `${prefix}v1:token:${key}`)
      yield* redis.send("SET", `${prefix}v1:token:${key}`, "nonsense")
      assert.isUndefined(yield* valueIn(a))
      yield* a.set(key, entry("token-1", 5000), hour)
      assert.strictEqual(yield* valueIn(a), "token-1")
    })
  )

  const unreadable = {
    "sealed with another key": (redis: Redis.Redis["Service"], at: string) =>
      redis.send("SET", at, "9000 icr1.other.sealed", "PX", "3600000"),
    "without a time to live": (redis: Redis.Redis["Service"], at: string) =>
      redis.send("SET", at, "99999999999999 plain.x")
  }
  for (const [name, put] of Object.entries(unreadable)) {
    onRedis(
      `${name} prevents no lease, and is replaced`,
      Effect.fnUntraced(function* () {
        const { a, b, prefix } = yield* twoMachines()
        const redis = yield* raw
        yield* put(redis, `${prefix}v1:token:${key}`)
        for (const store of [a, b]) assert.isUndefined(yield* valueIn(store))
        const scope = yield* Scope.fork(yield* Effect.scope)
        assert.isFalse(yield* Scope.provide(a.lease(key, 0), scope))
        const waiting = yield* Effect.forkScoped(b.lease(key, 0), { startImmediately: true })
        assert.isNotNull(yield* redis.send("GET", `${prefix}v1:lease:${key}`))
        yield* a.set(key, entry("token-1", 5000), hour)
        yield* Scope.close(scope, Exit.void)
        assert.isTrue(yield* Fiber.join(waiting))
        assert.strictEqual(yield* valueIn(b), "token-1")
      })
    )
  }
})

describe("RedisTokenStore: an error of Redis", () => {
  it.effect(
    "that recurs whenever Redis is available again is warned of less and less often",
    Effect.fnUntraced(function* () {
      const refusal = new Redis.RedisError({ cause: new Error("BUSY Redis is busy running a script") })
      const isProbe = ([key]: ReadonlyArray<unknown>) => String(key).includes(":probe")
      const redis = stubRedis({
        send: () => Effect.succeed("[]"),
        evaluate: (parameters) => (isProbe(parameters) ? Effect.succeed("1") : Effect.fail(refusal))
      })
      const warnings: Array<number> = []
      let now = 0
      const logger = Logger.make(({ logLevel }) => void (logLevel === "Warn" && warnings.push(now)))
      yield* Effect.gen(function* () {
        const store = yield* machine({ plainText: true }, redis)
        for (; now <= 300; now++) {
          assert.isUndefined(yield* valueIn(store))
          yield* TestClock.adjust("1 second")
        }
      }).pipe(Effect.provide(Logger.layer([logger])))
      assert.deepStrictEqual(warnings, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
    })
  )

  it.effect(
    "that concerns scripts alone is one outage, which does not end while they fail",
    Effect.fnUntraced(function* () {
      const unknown = new Redis.RedisError({ cause: new Error("ERR unknown command 'EVALSHA'") })
      const redis = stubRedis({
        send: (command) => Effect.succeed(command === "SET" ? '"OK"' : "[]"),
        evaluate: () => Effect.fail(unknown)
      })
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => void lines.push(String(message)))
      yield* Effect.gen(function* () {
        const store = yield* machine({ plainText: true }, redis)
        for (let second = 0; second <= 60; second++) {
          assert.isUndefined(yield* valueIn(store))
          yield* TestClock.adjust("1 second")
        }
      }).pipe(Effect.provide(Logger.layer([logger])))
      assert.deepStrictEqual(lines, [
        "Redis is unavailable (ERR); until it is back, tokens are not shared, and each process exchanges its own"
      ])
    })
  )

  it.effect(
    "is logged with its code, without what it quotes",
    Effect.fnUntraced(function* () {
      const quoting = new Redis.RedisError({
        cause: new Error("ERR unknown command, with args beginning with: 'crs_1'")
      })
      const redis = stubRedis({ send: () => Effect.fail(quoting), evaluate: () => Effect.fail(quoting) })
      const lines: Array<string> = []
      const logger = Logger.make(({ cause, message }) => void lines.push(`${String(message)} ${inspect(cause)}`))
      yield* Effect.gen(function* () {
        const store = yield* machine({ plainText: true }, redis)
        yield* store.set(key, entry("crs_1", 5000), hour)
        assert.isUndefined(yield* valueIn(store))
        yield* TestClock.adjust("10 seconds")
      }).pipe(Effect.provide(Logger.layer([logger])))
      assert.strictEqual(lines.length, 1)
      assert.include(lines[0], "Redis is unavailable (ERR)")
      assert.notInclude(lines[0], "crs_1")
    })
  )

  onRedis(
    "is not assumed when an answer is read late because this process was busy",
    Effect.fnUntraced(function* () {
      const { a } = yield* twoMachines()
      yield* a.set(key, entry("token-1", 5000), hour)
      const reading = yield* Effect.forkChild(valueIn(a), { startImmediately: true })
      const begin = performance.now()
      while (performance.now() - begin < 600) {
        // Blocks the process, timers included.
      }
      assert.strictEqual(yield* Fiber.join(reading), "token-1")
    })
  )
})

describe("RedisTokenStore: options", () => {
  for (const name of ["timeout", "lease", "wait"]) {
    onRedis(
      `${name} must be a positive duration`,
      Effect.fnUntraced(function* () {
        for (const wrong of [0, -1, Number.NaN, Infinity]) {
          const error = yield* Effect.flip(machine({ plainText: true, [name]: wrong }))
          assert.include(error.message, name)
        }
      })
    )
  }

  onRedis(
    "without keys the layer fails and names the missing variable",
    Effect.fnUntraced(function* () {
      const error = yield* Effect.flip(machine({}))
      assert.include(error.message, "ICR_TOKEN_STORE_KEY")
    })
  )
})
