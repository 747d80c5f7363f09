/** Three processes of one app ask for the same tokens at once; each token is exchanged once and shared through Redis. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import * as ReconnectingRedis from "@effect-icr/redis/ReconnectingRedis"
import * as RedisTokenStore from "@effect-icr/redis/RedisTokenStore"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as ChildProcess from "effect/process/ChildProcess"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { randomBytes, randomUUID } from "node:crypto"
import { printTable } from "./support/printTable.ts"
import { findRedis, redisServer } from "./support/redis.ts"
import { fromEnvironment } from "./support/registry.ts"
import { RequestCounts } from "./support/requestCounts.ts"

const processes = 3
const callers = 20

const Counters = Schema.fromJsonString(
  Schema.Struct({ installations: Schema.Int, served: Schema.Int, distinct: Schema.Int, exchanges: Schema.Int })
)

// ---------------------------------------------------------------------------------------------------------------------
// One process of the fleet
// ---------------------------------------------------------------------------------------------------------------------

/** Tokens are sealed with the key in ICR_TOKEN_STORE_KEY. */
const sharedStore = Layer.unwrap(
  Effect.gen(function* () {
    const url = yield* Config.String("REDIS_URL")
    const prefix = yield* Config.String("FLEET_PREFIX")
    return RedisTokenStore.layerWith({ prefix }).pipe(Layer.provide(ReconnectingRedis.layer(NodeRedis.layer({ url }))))
  })
)

const worker = Effect.gen(function* () {
  const { installationToken, installations } = yield* IcrApp
  const ids = (yield* Stream.runCollect(installations)).map(({ id }) => id)
  const requests = Array.from({ length: callers }, () => ids).flat()
  const tokens = yield* Effect.forEach(requests, (id) => installationToken(id), { concurrency: "unbounded" })
  const counts = yield* Ref.get(yield* RequestCounts)
  yield* Console.log(
    yield* Schema.encodeEffect(Counters)({
      installations: ids.length,
      served: tokens.length,
      distinct: new Set(tokens.map(({ token }) => Redacted.value(token))).size,
      exchanges: counts.get("POST /app/installations/{id}/accessTokens") ?? 0
    })
  )
}).pipe(Effect.provide(fromEnvironment.pipe(Layer.provide(sharedStore))))

// ---------------------------------------------------------------------------------------------------------------------
// The fleet
// ---------------------------------------------------------------------------------------------------------------------

const fleet = Effect.gen(function* () {
  const url = yield* findRedis
  if (Option.isNone(url)) {
    return yield* Console.log(`no Redis found: set REDIS_URL, or install ${redisServer}`)
  }
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const env = {
    REDIS_URL: url.value,
    FLEET_PREFIX: `icr-example-${randomUUID()}:`,
    ICR_TOKEN_STORE_KEY: randomBytes(32).toString("base64")
  }
  const command = ChildProcess.make(process.execPath, [import.meta.filename, "worker"], {
    env,
    extendEnv: true,
    stderr: "inherit"
  })
  const all = yield* Effect.replicateEffect(
    Effect.flatMap(spawner.string(command), Schema.decodeEffect(Counters)),
    processes,
    { concurrency: "unbounded" }
  )
  yield* printTable(
    ["process", "callers served", "tokens", "exchanges made"],
    all.map(({ distinct, exchanges, served }, index) => [
      String(index + 1),
      String(served),
      String(distinct),
      String(exchanges)
    ])
  )
  const exchanges = all.reduce((sum, counters) => sum + counters.exchanges, 0)
  yield* Console.log(
    `${exchanges} exchanges for the ${all[0]?.installations ?? 0} installations of ${processes} processes`
  )
})

const program = process.argv[2] === "worker" ? worker : Effect.scoped(fleet).pipe(Effect.provide(NodeServices.layer))

program.pipe(NodeRuntime.runMain)
