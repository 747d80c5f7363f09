import { Simulator } from "@effect-icr/simulator"
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { startWorker } from "./support/fleet.ts"
import { newKey, onRedis, uniquePrefix, url } from "./support/redis.ts"

const processes = 8
const installations = 500
const callers = 4
const route = "POST /app/installations/{installationId}/accessTokens"
const minute = 60_000

describe(`a fleet of ${processes} processes and ${installations} installations`, () => {
  onRedis(
    "exchanges the token of each installation once per lifetime, at the start and across two expiries",
    Effect.fnUntraced(
      function* () {
        const { control, installationIds } = yield* Simulator
        const ids = yield* installationIds
        // So that a busy test machine neither loses a lease nor exceeds a limit, of this package or another. No process dies.
        const settings = { prefix: uniquePrefix(), lease: 10 * minute, timeout: 10_000, patience: 20 }
        const options = { settings, storeKey: newKey(), redisUrl: url }
        const workers = yield* Effect.replicateEffect(startWorker(options), processes, { concurrency: "unbounded" })
        const exchanges = control.requestCount(route)
        const figures = new Map<string, number>()
        const describeFleet = () =>
          [...Array.from(figures, ([what, count]) => `${what}: ${count}`), ...workers.flatMap(({ log }) => log)].join(
            "\n  "
          )

        /** All processes ask for all tokens at once, with their clocks set ahead by this many milliseconds. */
        const burst = Effect.fnUntraced(function* (what: string, clockAhead: number) {
          yield* control.skewClock(clockAhead)
          const answers = yield* Effect.forEach(workers, (worker) => worker.ask({ ids, callers, clockAhead }), {
            concurrency: "unbounded"
          })
          for (const { distinct, tokens } of answers) {
            assert.deepStrictEqual([tokens, distinct], [callers * installations, installations])
          }
          figures.set(what, yield* exchanges)
          return new Set(answers.map(({ digest }) => digest))
        })
        /** Repeats the burst until the background refreshes have ended and all processes have the same new tokens. */
        const settled = (what: string, clockAhead: number, before: ReadonlySet<string>) =>
          burst(what, clockAhead).pipe(
            Effect.tap(() => Effect.sleep("200 millis")),
            Effect.repeat({ until: (digests) => digests.size === 1 && !digests.has([...before].join()) }),
            // A clear failure for a fleet that never settles; long, since a busy test machine is slow.
            Effect.timeoutOrElse({
              duration: "5 minutes",
              orElse: () => Effect.sync(() => assert.fail(`never settled: ${describeFleet()}`))
            })
          )

        const first = yield* burst("at the start", 0)
        assert.deepStrictEqual([first.size, yield* exchanges], [1, installations])
        assert.deepStrictEqual(yield* burst("a minute later", minute), first)
        yield* burst("3 minutes before the first expiry", 117 * minute)
        const second = yield* settled("when all have been refreshed", 117 * minute, first)
        assert.strictEqual(yield* exchanges, 2 * installations)
        const third = yield* burst("3 minutes after the second expiry", 240 * minute)
        assert.deepStrictEqual([third.size, yield* exchanges], [1, 3 * installations])
        assert.isTrue(!third.has([...second].join()))
        assert.deepStrictEqual(
          workers.flatMap(({ log }) => log),
          []
        )
        process.stdout.write(
          `\n${processes} processes × ${installations} installations × ${callers} callers, exchanges so far\n  ${Array.from(figures, ([what, count]) => `${what}: ${count}`).join("\n  ")}\n`
        )
      },
      Effect.provide(Simulator.layerServerWith({ installations }))
    ),
    10 * minute
  )
})
