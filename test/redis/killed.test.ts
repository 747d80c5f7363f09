import { Simulator } from "@effect-icr/simulator"
import { assert, describe } from "@effect/vitest"
import { Clock, Effect, Fiber, Redacted, Schedule, Schema } from "effect"
import { startWorker } from "./support/fleet.ts"
import { digestOf } from "./support/protocol.ts"
import { machine, newKey, onRedis, raw, uniquePrefix, url } from "./support/redis.ts"

const route = "POST /app/installations/{installationId}/accessTokens"
const lease = 1000
/** The exchanges that each killed process has under way. */
const installations = 10
/** `FLEET_KILLS=50` for a longer run. */
const kills = Number(process.env["FLEET_KILLS"] ?? 5)

const Token = Schema.fromJsonString(Schema.Struct({ token: Schema.String }))

/** A fleet, one process of which will be killed or frozen while all its exchanges hang. */
const fleetWithVictim = Effect.fnUntraced(function* (stall: number | undefined) {
  const simulator = yield* Simulator
  const { app, baseUrl, control } = simulator
  const settings = { prefix: uniquePrefix(), lease, timeout: 5000 }
  const storeKey = newKey()
  const options = { settings, storeKey, redisUrl: url }
  const redis = yield* raw
  const store = yield* machine({ prefix: settings.prefix, keys: storeKey })
  const keyOf = (id: string) => `${app.appId}@${baseUrl}/installations/${id}`

  const exchanges = Effect.map(control.requestLog, (log) => log.filter((entry) => entry.route === route))
  /** Starts a process that begins exchanges, and waits until all of them are hanging. */
  const startHanging = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
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
  /** When leases that are no longer renewed will expire, by this machine's clock. */
  const leaseEnds = (ids: ReadonlyArray<string>) =>
    Effect.forEach(ids, (id) =>
      Effect.flatMap(redis.send<number>("PTTL", `${settings.prefix}v1:lease:${keyOf(id)}`), (left) =>
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
  return { options, startHanging, exchanges, leaseEnds, storedDigest }
})

describe.concurrent("a process of a fleet, in the middle of an exchange", () => {
  onRedis(
    `killed, ${kills} times over: when its lease has expired, one of the others exchanges for all of them`,
    Effect.fnUntraced(
      function* () {
        const { exchanges, leaseEnds, options, startHanging, storedDigest } = yield* fleetWithVictim(undefined)
        const all = yield* (yield* Simulator).installationIds
        const survivors = yield* Effect.replicateEffect(startWorker(options), 2, { concurrency: 2 })
        const delays: Array<number> = []
        for (let kill = 0; kill < kills; kill++) {
          const ids = all.slice(kill * installations, (kill + 1) * installations)
          const victim = yield* startHanging(ids)
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
        assert.isAbove(least, -20, "no exchange began before the lease had expired")
        assert.isBelow(most, 5000)
        process.stdout.write(
          `\n${kills} processes killed during ${delays.length} exchanges: the next exchange began ${least} to ${most} ms after the lease of ${lease} ms had expired\n`
        )
      },
      Effect.provide(Simulator.layerServerWith({ installations: kills * installations }))
    )
  )

  onRedis(
    "frozen beyond its lease: the tokens it receives when thawed do not replace those of the others",
    Effect.fnUntraced(
      function* () {
        // The registry answers it after the others have their tokens: its tokens end later than theirs.
        const { exchanges, options, startHanging, storedDigest } = yield* fleetWithVictim(4000)
        const ids = yield* (yield* Simulator).installationIds
        const survivor = yield* startWorker(options)
        const frozen = yield* startHanging(ids)
        yield* frozen.signal("SIGSTOP")
        const { digest } = yield* survivor.ask({ ids, callers: 1, clockAhead: 0 })
        assert.strictEqual(yield* storedDigest(ids), digest)
        yield* frozen.signal("SIGCONT")
        // It answers once the exchanges that hung have ended.
        const thawed = yield* frozen.ask({ ids, callers: 1, clockAhead: 0 })
        assert.strictEqual(thawed.distinct, installations)
        assert.strictEqual((yield* exchanges).length, 2 * installations)
        assert.strictEqual(yield* storedDigest(ids), digest)
      },
      Effect.provide(Simulator.layerServerWith({ installations }))
    )
  )
})
