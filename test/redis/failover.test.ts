import { ReconnectingRedis, RedisInstallStates } from "@effect-icr/redis"
import { InstallStates } from "@effect-icr/webhooks/InstallStates"
import { NodeRedis, NodeServices } from "@effect/platform-node"
import { assert, describe } from "@effect/vitest"
import { Context, Duration, Effect, Layer } from "effect"
import { startPair } from "./support/failover.ts"
import { onOwnRedis } from "./support/redis.ts"

const states = (url: string) =>
  Effect.map(
    Layer.build(
      Layer.fresh(RedisInstallStates.layer).pipe(Layer.provide(ReconnectingRedis.layer(NodeRedis.layer({ url }))))
    ),
    Context.get(InstallStates)
  )

const claim = (states: InstallStates["Service"], state: string) => states.claim(state, Duration.minutes(10))

/** Until Redis answers. The limit makes a failure clear, and is long for a busy test machine. */
const eventually = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.eventually(Effect.tapError(effect, () => Effect.sleep("50 millis"))).pipe(Effect.timeout("30 seconds"))

describe("after a failover, install callbacks are taken again", () => {
  onOwnRedis(
    "when the old primary has become a replica and keeps its connections",
    Effect.fnUntraced(function* () {
      const { connections, failOver, url } = yield* startPair
      const install = yield* states(url)
      assert.isTrue(yield* claim(install, "used before"))
      yield* failOver
      assert.isTrue(yield* eventually(claim(install, "used after")))
      assert.isFalse(yield* claim(install, "used after"))
      assert.isFalse(yield* claim(install, "used before"))
      // The connection to the old primary is closed.
      yield* eventually(Effect.filterOrFail(connections, (open) => open === 1))
    }, Effect.provide(NodeServices.layer))
  )

  onOwnRedis(
    "when the old primary has fallen silent",
    Effect.fnUntraced(function* () {
      const { primary, promote, replicated, url } = yield* startPair
      const install = yield* states(url)
      assert.isTrue(yield* claim(install, "used before"))
      yield* replicated
      yield* Effect.sync(() => process.kill(primary.pid, "SIGSTOP"))
      yield* promote
      assert.isTrue(yield* eventually(claim(install, "used after")))
      assert.isFalse(yield* claim(install, "used before"))
    }, Effect.provide(NodeServices.layer))
  )
})
