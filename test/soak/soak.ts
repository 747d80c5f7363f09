/**
 * `pnpm soak`: a cache under load for a minute, against a registry on a socket whose tokens live 2 s and which fails in
 * every way it can. Prints what happened, and exits with 1 when a dead token was served.
 *
 * `ICR_SOAK_SECONDS` (1 to 600, default 30) says how long, `ICR_SEED` which faults.
 */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { Clock, DateTime, Effect, Layer, Logger, Metric } from "effect"
import { FetchHttpClient } from "effect/http"

const tokenLife = 2000
const installations = 8
const callers = 32
const least = 1
const most = 600

const numberFrom = (variable: string, byDefault: number) => {
  const value = Number(process.env[variable] ?? byDefault)
  return Number.isFinite(value) ? value : byDefault
}
const seconds = Math.min(most, Math.max(least, numberFrom("ICR_SOAK_SECONDS", 30)))
const seed = Math.trunc(numberFrom("ICR_SEED", 1))

const exchangeRoute = "POST /app/installations/{installationId}/accessTokens"

/** Everything that may go wrong, now and then; and once in the middle the registry issues nothing for 5 s. */
const makeTrouble = Effect.gen(function* () {
  const { control } = yield* Simulator
  const { faults } = control
  yield* faults.probability(exchangeRoute, 0.1, { _tag: "Status", status: 503 })
  yield* faults.probability(exchangeRoute, 0.03, { _tag: "Reset", at: "body" })
  yield* faults.probability(exchangeRoute, 0.03, { _tag: "TruncatedJson" })
  yield* faults.probability(exchangeRoute, 0.05, { _tag: "Latency", millis: 400 })
  yield* faults.probability(exchangeRoute, 0.03, { _tag: "FreshToken", millis: 300 })
  yield* faults.probability("GET /projects", 0.02, { _tag: "Status", status: 500 })
  yield* faults.probability("GET /projects", 0.01, { _tag: "Reset", at: "body" })
  yield* Effect.sleep((seconds * 1000) / 2)
  yield* faults.probability(exchangeRoute, 1, { _tag: "Status", status: 503 })
  yield* Effect.sleep(Math.min(5000, seconds * 200))
  yield* faults.clear
})

const program = Effect.gen(function* () {
  const app = yield* IcrApp
  const { control, installationIds } = yield* Simulator
  const ids = (yield* installationIds).map((id) => InstallationId.make(id))
  const seen = { calls: 0, reads: 0, stale: 0, foreign: 0, leastLife: Infinity }
  const errors = new Map<string, number>()
  const counted = (what: string) => Effect.sync(() => void errors.set(what, (errors.get(what) ?? 0) + 1))

  /** The registry and we share a clock here, so an expired token is one we could have known to be dead. */
  const ask = Effect.fnUntraced(function* (id: InstallationId, turn: number) {
    seen.calls++
    const options = turn % 2500 === 0 ? { forceRefresh: true } : undefined
    const token = yield* options === undefined ? app.installationToken(id) : app.installationTokenWith(id, options)
    const now = yield* Clock.currentTimeMillis
    if (token.installationId !== id) seen.foreign++
    const life = DateTime.toEpochMillis(token.expiresAt) - now
    seen.leastLife = Math.min(seen.leastLife, life)
    if (life <= 0) seen.stale++
    if (turn % 10 === 0) {
      seen.reads++
      yield* app.installationClient(id).get("/projects?limit=1&page=0")
    }
    if (turn % 4000 === 1) yield* app.revokeInstallationToken(id)
  })

  const caller = (number: number) =>
    Effect.gen(function* () {
      for (let turn = number; ; turn++) {
        const id = ids[(number + turn) % ids.length] ?? ids[0]
        if (id === undefined) return
        yield* Effect.catch(ask(id, turn), ({ reason }) => counted(reason._tag))
        yield* Effect.sleep(3)
      }
    })

  yield* Effect.forkScoped(makeTrouble)
  yield* Effect.timeoutOption(
    Effect.forEach(Array.from({ length: callers }), (_, number) => caller(number), { concurrency: "unbounded" }),
    seconds * 1000
  )

  const requests = yield* control.requestCount(exchangeRoute)
  const metrics = (yield* Metric.snapshot).filter(({ id }) => id.startsWith("icr_token_"))
  const exchanges = metrics.reduce(
    (sum, { id, state }) => (/_(exchanged|refreshed)$/.test(id) && "count" in state ? sum + Number(state.count) : sum),
    0
  )
  const lives = (installations * seconds * 1000) / tokenLife
  const lines = [
    ["seconds", seconds],
    ["calls for a token", seen.calls],
    ["calls to the registry with one", seen.reads],
    ["exchange requests", requests],
    ["exchanges", exchanges],
    ["exchanges per life", (exchanges / lives).toFixed(2)],
    ["stale tokens served", seen.stale],
    ["least life left, ms", seen.leastLife],
    ["foreign tokens served", seen.foreign],
    ...metrics.map(({ id, state }) => [id, "count" in state ? state.count : ""]),
    ...[...errors].toSorted().map(([reason, count]) => [`error ${reason}`, count])
  ]
  for (const [name, value] of lines) process.stdout.write(`${String(name).padEnd(32)} ${String(value)}\n`)
  if (seen.stale > 0 || seen.foreign > 0 || seen.calls === 0) process.exitCode = 1
})

const overSocket = Layer.unwrap(
  Effect.map(Simulator, ({ app, baseUrl }) =>
    IcrApp.layerWith({ appId: app.appId, privateKey: app.privateKey, baseUrl })
  )
).pipe(
  Layer.provide(FetchHttpClient.layer),
  Layer.provideMerge(Simulator.layerServerWith({ installations, tokenLife, seed }))
)

await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(overSocket), Effect.provide(Logger.layer([]))))
