import { ReconnectingRedis } from "@effect-icr/redis"
import { NodeRedis, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { Redis } from "effect/persistence"
import { inspect } from "node:util"
import { startRedis } from "../../examples/support/redis.ts"
import { onOwnRedis } from "./support/redis.ts"

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
