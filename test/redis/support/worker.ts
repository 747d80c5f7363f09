/**
 * One process of a fleet. Each line of its standard input names installations and how many callers ask for each of their
 * tokens at once. It answers with a line about the tokens they received.
 */
import { IcrApp, InstallationId, TokenCache } from "@effect-icr/app"
import { IcrConfig, IcrHttp, ServerClock, Signer } from "@effect-icr/app"
import { ReconnectingRedis, RedisTokenStore } from "@effect-icr/redis"
import { NodeHttpClient, NodeRedis, NodeRuntime } from "@effect/platform-node"
import { Clock, Config, Console, Duration, Effect, Layer, Redacted, Schema, Stream } from "effect"
import { createInterface } from "node:readline"
import { Answer, Ask, digestOf, Settings } from "./protocol.ts"

const decodeAsk = Schema.decodeUnknownEffect(Schema.fromJsonString(Ask))
const encodeAnswer = Schema.encodeEffect(Schema.fromJsonString(Answer))

const fleetSettings = Config.String("FLEET_SETTINGS").pipe(
  Effect.flatMap(Schema.decodeUnknownEffect(Schema.fromJsonString(Settings)))
)

const fleet = Layer.unwrap(
  Effect.gen(function* () {
    const url = yield* Config.String("REDIS_URL")
    const settings = yield* fleetSettings
    const { patience = 1 } = settings
    // The client has a limit of its own, 5 seconds by default, which Effect's clock does not govern.
    const redis = NodeRedis.layer({ url, commandOptions: { timeout: 5000 * patience } })
    const store = RedisTokenStore.layerWith(settings).pipe(Layer.provide(ReconnectingRedis.layer(redis)))
    return IcrApp.layerNoDeps.pipe(
      Layer.provide(TokenCache.layer.pipe(Layer.provide(store))),
      Layer.provide([Signer.layer, IcrHttp.layer]),
      Layer.provide([ServerClock.layer, IcrConfig.layer, NodeHttpClient.layerUndici])
    )
  })
)

/** How far this process's clock is ahead, so that two hours pass at once. */
const ahead = { millis: 0 }
const forwarded = (clock: Clock.Clock, patience: number): Clock.Clock => ({
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + ahead.millis,
  currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + ahead.millis),
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() + BigInt(ahead.millis) * 1_000_000n,
  currentTimeNanos: Effect.map(clock.currentTimeNanos, (now) => now + BigInt(ahead.millis) * 1_000_000n),
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe() + BigInt(ahead.millis) * 1_000_000n,
  monotonicTimeNanos: Effect.map(clock.monotonicTimeNanos, (now) => now + BigInt(ahead.millis) * 1_000_000n),
  sleep: (duration) => clock.sleep(Duration.times(duration, Duration.toMillis(duration) < 1000 ? 1 : patience))
})

const answer = Effect.fnUntraced(function* ({ callers, clockAhead, ids }: typeof Ask.Type) {
  ahead.millis = clockAhead
  const { installationToken } = yield* IcrApp
  const begin = yield* Clock.currentTimeMillis
  const tokens = yield* Effect.forEach(
    Array.from({ length: callers }, () => ids).flat(),
    (id) => Effect.map(installationToken(InstallationId.make(id)), ({ token }) => Redacted.value(token)),
    { concurrency: "unbounded" }
  )
  return {
    tokens: tokens.length,
    distinct: new Set(tokens).size,
    digest: digestOf(tokens.slice(0, ids.length)),
    millis: (yield* Clock.currentTimeMillis) - begin
  }
})

const lines = Stream.fromAsyncIterable(createInterface({ input: process.stdin }), String)

const program = Effect.gen(function* () {
  yield* IcrApp
  yield* Console.log("ready")
  yield* Stream.runForEach(lines, (line) =>
    Effect.flatMap(Effect.flatMap(Effect.flatMap(decodeAsk(line), answer), encodeAnswer), Console.log)
  )
})

Effect.gen(function* () {
  const { patience = 1 } = yield* fleetSettings
  const clock = forwarded(yield* Clock.Clock, patience)
  yield* program.pipe(Effect.provide(fleet), Effect.provideService(Clock.Clock, clock))
}).pipe(NodeRuntime.runMain)
