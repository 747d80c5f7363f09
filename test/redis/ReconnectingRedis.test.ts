import { ReconnectingRedis } from "@effect-icr/redis"
import { NodeRedis, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { Redis } from "effect/persistence"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import { startRedis } from "../../examples/support/redis.ts"
import { onOwnRedis } from "./support/redis.ts"

/** A client whose commands fail with this error, and how often one was connected and closed. */
const failingClient = (cause: Error) => {
  const counts = { connected: 0, closed: 0 }
  const layer = Layer.effect(
    Redis.Redis,
    Effect.acquireRelease(
      Effect.sync(() => {
        counts.connected++
        return Redis.Redis.of({
          send: (command) => (command === "PING" ? Effect.never : Effect.fail(new Redis.RedisError({ cause }))),
          eval: () => () => Effect.fail(new Redis.RedisError({ cause })),
          reserve: Effect.die("not used"),
          subscribe: () => Effect.die("not used")
        })
      }),
      () => Effect.sync(() => void counts.closed++)
    )
  )
  return { counts, layer }
}

const script = "ERR Error running script (call to f_1): @user_script:3:"
const closed = Object.assign(new Error("The connection was closed"), { code: "ERR_REDIS_CONNECTION_CLOSED" })
/** Errors of Redis 6.2 to 8 and of clients, and whether another connection may help. */
const errors: ReadonlyArray<readonly [Error, isReplaced: boolean]> = [
  [new Error("READONLY You can't write against a read only replica."), true],
  [new Error(`${script} -READONLY You can't write against a read only replica.`), true],
  [new Error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."), true],
  [new Error("LOADING Redis is loading the dataset in memory"), true],
  [new Error("MOVED 3999 127.0.0.1:6381"), true],
  [new Error("CLUSTERDOWN The cluster is down"), true],
  [new Error("NOREPLICAS Not enough good replicas to write."), true],
  [closed, true],
  [new Error("OOM command not allowed when used memory > 'maxmemory'."), false],
  [new Error(`${script} -OOM command not allowed when used memory > 'maxmemory'.`), false],
  [new Error("NOPERM User default has no permissions to run the 'set' command"), false],
  [new Error("WRONGTYPE Operation against a key holding the wrong kind of value"), false],
  [new Error("ERR unknown command 'READONLY '"), false]
]

describe("ReconnectingRedis", () => {
  onOwnRedis(
    "lets a program end while Redis hangs",
    Effect.fnUntraced(function* () {
      const { pid, url } = yield* startRedis()
      process.kill(pid, "SIGSTOP")
      const scope = yield* Scope.make()
      yield* Layer.build(ReconnectingRedis.layer(NodeRedis.layer({ url }))).pipe(Scope.provide(scope))
      // The test's own time limit ends this when it waits for Redis.
      yield* Scope.close(scope, Exit.void)
    }, Effect.provide(NodeServices.layer))
  )

  onOwnRedis(
    "connects again after the client has given up",
    Effect.fnUntraced(function* () {
      const { pid, url } = yield* startRedis()
      const layer = ReconnectingRedis.layer(NodeRedis.layer({ url, socket: { socketTimeout: 300 } }))
      const redis = yield* Effect.map(Layer.build(layer), Context.get(Redis.Redis))
      assert.strictEqual(yield* redis.send("PING"), "PONG")
      process.kill(pid, "SIGSTOP")
      yield* Effect.eventually(Effect.flip(Effect.delay(redis.send("PING"), "50 millis")))
      process.kill(pid, "SIGCONT")
      // The test's own time limit ends this when nothing connects.
      assert.strictEqual(yield* Effect.eventually(Effect.delay(redis.send("PING"), "50 millis")), "PONG")
    }, Effect.provide(NodeServices.layer))
  )

  for (const [error, isReplaced] of errors) {
    it.effect(`${isReplaced ? "replaces" : "keeps"} a connection that says ${error.message}`, () =>
      Effect.gen(function* () {
        const { counts, layer } = failingClient(error)
        const redis = yield* Effect.map(Layer.build(ReconnectingRedis.layer(layer)), Context.get(Redis.Redis))
        const commands = Effect.replicateEffect(Effect.flip(redis.send("SET")), 10, { concurrency: "unbounded" })
        yield* commands
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(counts, isReplaced ? { connected: 2, closed: 1 } : { connected: 1, closed: 0 })
        yield* commands
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(counts, isReplaced ? { connected: 3, closed: 2 } : { connected: 1, closed: 0 })
      }).pipe(Effect.scoped)
    )
  }

  it.effect("replaces a connection on which a PING gets no answer", () =>
    Effect.gen(function* () {
      const { counts, layer } = failingClient(new Error("not used"))
      yield* Layer.build(ReconnectingRedis.layer(layer))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(counts, { connected: 2, closed: 1 })
    }).pipe(Effect.scoped)
  )

  it.live("shows no password from its address", () =>
    Effect.gen(function* () {
      const layer = ReconnectingRedis.layer(NodeRedis.layer({ url: "redis://:hunter2@127.0.0.1:notaport" }))
      const redis = yield* Effect.map(Layer.build(layer), Context.get(Redis.Redis))
      const error = yield* Effect.flip(redis.send("PING"))
      assert.include(inspect(error, { depth: 9 }), "ERR_INVALID_URL")
      assert.notInclude(inspect(error, { depth: 9, showHidden: true }), "hunter2")
    }).pipe(Effect.scoped)
  )
})
