import { Simulator } from "@effect-icr/simulator"
import { assert, describe } from "@effect/vitest"
import { Clock, Effect, Fiber, Redacted, Schedule, Schema } from "effect"
import { startWorker } from "./support/fleet.ts"
import { digestOf } from "./support/protocol.ts"
import { machine, newKey, onRedis, raw, uniquePrefix, url } from "./support/redis.ts"

const route = "POST /app/installations/{installationId}/accessTokens"
const lease = 1000
/** Each kill hits a process in the middle of so many mints. `FLEET_KILLS=50` for more of them. */
const installations = 10
const kills = Number(process.env["FLEET_KILLS"] ?? 5)

const Token = Schema.fromJsonString(Schema.Struct({ token: Schema.String }))

/** A fleet whose first process is about to get into trouble: all its exchanges hang. */
const trouble = Effect.fnUntraced(function* (stall: number | undefined) {
  const simulator = yield* Simulator
  const { app, baseUrl, control } = simulator
  const settings = { prefix: uniquePrefix(), lease, timeout: 5000 }
  const storeKey = newKey()
  const options = { settings, storeKey, redisUrl: url }
  const redis = yield* raw
  const store = yield* machine({ prefix: settings.prefix, keys: storeKey })
  const keyOf = (id: string) => `${app.appId}@${baseUrl}/installations/${id}`

  const exchanges = Effect.map(control.requestLog, (log) => log.filter((entry) => entry.route === route))
  /** Starts a process and lets it begin exchanges that hang; done when all of them are under way. */
  const hanging = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
    const victim = yield* startWorker(options)
    const before = yield* control.requestCount(route)
    yield* control.faults.script(
      route,
      ids.map(() => [{ _tag: "StallBeforeHead", ...(stall === undefined ? {} : { millis: stall }) }])
    )
    yield* Effect.forkScoped(victim.ask({ ids, callers: 1, clockAhead: 0 }))
    yield* Effect.repeat(control.requestCount(route), {
      until: (count) => count === before + ids.length,
      schedule: Schedule.spaced("10 millis")
    })
    return victim
  })
  /** When the leases that nobody renews any more will have run out, by this machine's clock. */
  const leaseEnds = (ids: ReadonlyArray<string>) =>
    Effect.forEach(ids, (id) =>
      Effect.flatMap(redis.send<number>("PTTL", `${settings.prefix}lease:${keyOf(id)}`), (left) =>
        Effect.map(Clock.currentTimeMillis, (now) => now + left)
      )
    )
  const storedDigest = (ids: ReadonlyArray<string>) =>
    Effect.forEach(ids, (id) =>
      store.get(keyOf(id)).pipe(
        Effect.flatMap(Effect.fromOption),
        Effect.flatMap(({ value }) => Schema.decodeEffect(Token)(Redacted.value(value))),
        Effect.map(({ token }) => token)
      )
    ).pipe(Effect.map(digestOf))
  return { options, hanging, exchanges, leaseEnds, storedDigest }
})

describe.concurrent("a process in the middle of a mint", () => {
  onRedis(
    `killed ${kills} times over: the others go on when its lease has run out, one of them for all`,
    Effect.fnUntraced(
      function* () {
        const { exchanges, hanging, leaseEnds, options, storedDigest } = yield* trouble(undefined)
        const all = yield* (yield* Simulator).installationIds
        const survivors = yield* Effect.replicateEffect(startWorker(options), 2, { concurrency: 2 })
        const delays: Array<number> = []
        for (let kill = 0; kill < kills; kill++) {
          const ids = all.slice(kill * installations, (kill + 1) * installations)
          const victim = yield* hanging(ids)
          const asked = yield* Effect.forkChild(
            Effect.forEach(survivors, (survivor) => survivor.ask({ ids, callers: 3, clockAhead: 0 }), {
              concurrency: 2
            })
          )
          yield* Effect.sleep("50 millis")
          yield* victim.signal("SIGKILL")
          const ends = yield* leaseEnds(ids)
          const answers = yield* Fiber.join(asked)
          const log = yield* exchanges
          for (const [index, id] of ids.entries()) {
            const [first, second, ...more] = log.filter(({ path }) => path.includes(id))
            assert.deepStrictEqual([first?.faults, second?.faults, more], [["StallBeforeHead"], [], []])
            delays.push((second?.at ?? 0) - (ends[index] ?? 0))
          }
          for (const { distinct } of answers) assert.strictEqual(distinct, installations)
          const expected = yield* storedDigest(ids)
          assert.deepStrictEqual(
            answers.map(({ digest }) => digest),
            [expected, expected]
          )
        }
        const least = Math.min(...delays)
        const most = Math.max(...delays)
        assert.isAbove(least, -20, "nobody began before the lease had run out")
        assert.isBelow(most, 5000)
        process.stdout.write(
          `\n${kills} processes killed amid ${delays.length} mints: the next exchange came ${least} to ${most} ms after the lease of ${lease} ms had run out\n`
        )
      },
      Effect.provide(Simulator.layerServer({ installations: kills * installations }))
    )
  )

  onRedis(
    "frozen beyond its lease: what it brings when it thaws does not replace what the others have",
    Effect.fnUntraced(
      function* () {
        // The answer it waits for is made after the others have theirs: its token would end later than theirs.
        const { exchanges, hanging, options, storedDigest } = yield* trouble(4000)
        const ids = yield* (yield* Simulator).installationIds
        const survivor = yield* startWorker(options)
        const frozen = yield* hanging(ids)
        yield* frozen.signal("SIGSTOP")
        const { digest } = yield* survivor.ask({ ids, callers: 1, clockAhead: 0 })
        assert.strictEqual(yield* storedDigest(ids), digest)
        yield* frozen.signal("SIGCONT")
        // Behind the exchanges that hung, so that it answers after they have landed.
        const thawed = yield* frozen.ask({ ids, callers: 1, clockAhead: 0 })
        assert.strictEqual(thawed.distinct, installations)
        assert.strictEqual((yield* exchanges).length, 2 * installations)
        assert.strictEqual(yield* storedDigest(ids), digest)
      },
      Effect.provide(Simulator.layerServer({ installations }))
    )
  )
})
