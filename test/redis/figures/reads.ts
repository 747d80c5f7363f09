/**
 * `pnpm bench:fleet`: compares reads of cached tokens with and without a token store in Redis:
 *
 *     node test/redis/figures/reads.ts [seconds] [installations]
 */
import { IcrApp, InstallationId } from "@effect-icr/app"
import { ReconnectingRedis, RedisTokenStore } from "@effect-icr/redis"
import { Simulator } from "@effect-icr/simulator"
import { NodeRedis, NodeRuntime, NodeServices } from "@effect/platform-node"
import { Clock, Console, Effect, Layer, Option, Redacted } from "effect"
import { randomBytes, randomUUID } from "node:crypto"
import { findRedis, redisServer } from "../../../examples/support/redis.ts"

const seconds = Number(process.argv[2] ?? 1)
const installations = Number(process.argv[3] ?? 500)
const rounds = 9

const median = (figures: ReadonlyArray<number>) => figures.toSorted((a, b) => a - b)[figures.length >> 1] ?? 0

const measure = Effect.gen(function* () {
  const ids = (yield* (yield* Simulator).installationIds).map((id) => InstallationId.make(id))
  const { installationToken } = yield* IcrApp
  const all = Effect.forEach(ids, (id) => installationToken(id), { discard: true })
  yield* all
  const begin = yield* Clock.currentTimeMillis
  const end = begin + seconds * 1000
  let reads = 0
  const once = Effect.andThen(
    all,
    Effect.sync(() => {
      reads += ids.length
    })
  )
  yield* Effect.repeat(Effect.andThen(once, Clock.currentTimeMillis), { until: (now) => now >= end })
  return Math.round(reads / (((yield* Clock.currentTimeMillis) - begin) / 1000))
})

const program = Effect.gen(function* () {
  const url = yield* findRedis
  if (Option.isNone(url)) return yield* Console.log(`no Redis found: set REDIS_URL, or install ${redisServer}`)
  const { app, baseUrl } = yield* Simulator
  const withoutRedis = IcrApp.layerWith({ appId: app.appId, privateKey: app.privateKey, baseUrl })
  const withRedis = withoutRedis.pipe(
    Layer.provide(
      RedisTokenStore.layerWith({
        prefix: `icr-bench-${randomUUID()}:`,
        keys: Redacted.make(randomBytes(32).toString("base64"))
      })
    ),
    Layer.provide(ReconnectingRedis.layer(NodeRedis.layer({ url: url.value })))
  )
  // An unmeasured round first, while the engine compiles.
  yield* Effect.provide(measure, Layer.fresh(withoutRedis))
  yield* Effect.provide(measure, Layer.fresh(withRedis))
  const figures = yield* Effect.replicateEffect(
    Effect.all({
      alone: Effect.provide(measure, Layer.fresh(withoutRedis)),
      shared: Effect.provide(measure, Layer.fresh(withRedis))
    }),
    rounds
  )
  const alone = median(figures.map(({ alone }) => alone))
  const shared = median(figures.map(({ shared }) => shared))
  yield* Console.log(
    `reads per second of ${installations} cached tokens, median of ${rounds} rounds of ${seconds} s each`
  )
  yield* Console.log(`  without Redis      ${alone.toLocaleString("en")}`)
  yield* Console.log(`  with Redis         ${shared.toLocaleString("en")} (${Math.round((100 * shared) / alone)} %)`)
})

program.pipe(
  Effect.scoped,
  Effect.provide(Layer.merge(NodeServices.layer, Simulator.layerWith({ installations }))),
  NodeRuntime.runMain
)
