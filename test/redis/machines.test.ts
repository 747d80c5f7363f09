import { InstallationId } from "@effect-icr/app"
import { RedisTokenStore } from "@effect-icr/redis"
import { Simulator } from "@effect-icr/simulator"
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { makeMachine } from "./support/machines.ts"
import { newKey, onRedis, uniquePrefix, url } from "./support/redis.ts"

const route = "POST /app/installations/{installationId}/accessTokens"

/** A long timeout, so that a busy test machine does not cause an outage. */
const fleetOf = (machines: number) => {
  const options = { url, prefix: uniquePrefix(), keys: newKey(), timeout: "5 seconds" } as const
  return Effect.replicateEffect(makeMachine(options), machines)
}

describe.concurrent("the machines of a fleet", () => {
  for (const how of ["revokeInstallationToken", "invalidateInstallationToken"] as const) {
    onRedis(
      `drop the token that ${how} invalidates on another one, within the stated delay`,
      Effect.fnUntraced(function* () {
        const { control, installationIds } = yield* Simulator
        const [a, b] = yield* fleetOf(2)
        if (a === undefined || b === undefined) return yield* Effect.die("two machines")
        const [id = ""] = yield* installationIds
        const first = yield* a.token(id)
        assert.strictEqual(yield* b.token(id), first)
        yield* a.icr[how](InstallationId.make(id))
        yield* Effect.sleep(RedisTokenStore.invalidationDelay)
        const second = yield* b.token(id)
        assert.notStrictEqual(second, first)
        assert.strictEqual(yield* a.token(id), second)
        assert.strictEqual(yield* control.requestCount(route), 2)
      }, Effect.provide(Simulator.layer))
    )
  }

  onRedis(
    "exchange once when the registry refuses the token of all of them",
    Effect.fnUntraced(function* () {
      const { control, installationIds, organizationIds } = yield* Simulator
      const machines = yield* fleetOf(5)
      const [id = ""] = yield* installationIds
      const [organization = ""] = yield* organizationIds
      yield* Effect.forEach(machines, ({ token }) => token(id))
      yield* control.expireAllTokens
      const statuses = yield* Effect.forEach(
        machines.flatMap((machine) => Array.from({ length: 10 }, () => machine)),
        ({ icr }) =>
          Effect.map(
            icr.installationClient(InstallationId.make(id)).get(`/organizations/${organization}`),
            ({ status }) => status
          ),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(statuses), new Set([200]))
      assert.strictEqual(yield* control.requestCount(route), 2)
    }, Effect.provide(Simulator.layer))
  )

  onRedis(
    "share tokens whose whole life is shorter than the refresh windows",
    Effect.fnUntraced(
      function* () {
        const { control, installationIds } = yield* Simulator
        const [id = ""] = yield* installationIds
        const tokens = yield* Effect.forEach(yield* fleetOf(3), ({ token }) => token(id))
        assert.strictEqual(new Set(tokens).size, 1)
        assert.strictEqual(yield* control.requestCount(route), 1)
      },
      Effect.provide(Simulator.layerWith({ tokenLife: "25 seconds" }))
    )
  )

  onRedis(
    "exchange one after the other when each of them forces a refresh",
    Effect.fnUntraced(function* () {
      const { control, installationIds } = yield* Simulator
      const machines = yield* fleetOf(3)
      const [id = ""] = yield* installationIds
      yield* control.faults.probability(route, 1, { _tag: "Latency", millis: 200 })
      yield* Effect.forEach(
        machines,
        ({ icr }) => icr.installationTokenWith(InstallationId.make(id), { forceRefresh: true }),
        { concurrency: "unbounded" }
      )
      const [first = 0, second = 0, third = 0, ...more] = (yield* control.requestLog)
        .filter((entry) => entry.route === route)
        .map(({ at }) => at)
      assert.isEmpty(more)
      assert.isTrue(second - first >= 199 && third - second >= 199, `${second - first} ms, ${third - second} ms`)
    }, Effect.provide(Simulator.layer))
  )
})
