import { TokenStore } from "@effect-icr/app"
import { ReconnectingRedis, RedisInstallStates, RedisTokenStore, RedisWebhookDeduplication } from "@effect-icr/redis"
import { InstallStates } from "@effect-icr/webhooks/InstallStates"
import { WebhookDeduplication } from "@effect-icr/webhooks/WebhookDeduplication"
import { NodeRedis, NodeServices } from "@effect/platform-node"
import { assert, describe } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer, Logger, Option, type Redacted, Schedule, Scope, Stream } from "effect"
import * as fs from "node:fs"
import { startRedis } from "../../examples/support/redis.ts"
import { root } from "../support/run.ts"
import { newKey, onOwnRedis, rawAt } from "./support/redis.ts"
import { entry, hour, key, valueIn } from "./support/store.ts"

const readme = fs.readFileSync(`${root}/packages/redis/README.md`, "utf8")
/** The user of the README: `ACL SETUSER icr on >password ~icr:* …`. */
const [, pattern = "", listed = ""] = /^ACL SETUSER icr on >\S+ (~\S+) (.*)$/m.exec(readme) ?? []
const rights = listed.split(" ")

const window = Duration.minutes(10)
const lease = 2000

/** All services of one process, over a connection of its own. */
const startProcess = (url: string, keys: Redacted.Redacted) => {
  const services = Layer.mergeAll(
    RedisTokenStore.layerWith({ keys, lease, wait: "5 seconds", timeout: "5 seconds" }),
    RedisWebhookDeduplication.layerWith({ timeout: "5 seconds" }),
    RedisInstallStates.layerWith({ timeout: "5 seconds" })
  )
  const redis = ReconnectingRedis.layer(Layer.fresh(NodeRedis.layer({ url })))
  return Effect.map(Layer.build(Layer.fresh(services).pipe(Layer.provide(redis))), (context) => ({
    tokens: Context.get(context, TokenStore),
    deliveries: Context.get(context, WebhookDeduplication),
    states: Context.get(context, InstallStates)
  }))
}

/** Whether this happens, sooner or later. */
const happens = <E, R>(check: Effect.Effect<boolean, E, R>) =>
  check.pipe(
    Effect.orElseSucceed(() => false),
    Effect.repeat({ until: (happened) => happened, schedule: Schedule.spaced("100 millis") }),
    Effect.timeoutOption(2 * Duration.toMillis(RedisTokenStore.invalidationDelay)),
    Effect.map(Option.isSome)
  )

/** What works for a user with these rights, as the cells of the README's table, and what the processes log. */
const observe = Effect.fnUntraced(function* (rules: ReadonlyArray<string>) {
  const server = yield* startRedis()
  const redis = yield* rawAt(server.url)
  yield* redis.send("ACL", "SETUSER", "icr", "on", ">password", ...rules)
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push([message].flat().join(" ")))
  const cells = yield* Effect.gen(function* () {
    const url = server.url.replace("//", "//icr:password@")
    const keys = newKey()
    const [a, b] = [yield* startProcess(url, keys), yield* startProcess(url, keys)]
    const told: Array<unknown> = []
    const removals = b.tokens.removals ?? Stream.die("the store has no stream of removals")
    yield* Effect.forkScoped(Stream.runForEach(removals, (removal) => Effect.sync(() => told.push(removal))))

    yield* a.tokens.set(key, entry("token-1", 5000), hour)
    const isShared = (yield* valueIn(b.tokens)) === "token-1"

    const scope = yield* Scope.fork(yield* Effect.scope)
    yield* Scope.provide(a.tokens.lease(key, Infinity), scope)
    const leaseOf = redis.send<string | null>("GET", `icr:v1:lease:${key}`)
    const owner = yield* leaseOf
    yield* Effect.sleep(1.5 * lease)
    const isLeased = owner !== null && (yield* leaseOf) === owner
    yield* Scope.close(scope, Exit.void)

    yield* redis.send("SET", `icr:v1:token:${key}`, "5000 any", "PX", "60000")
    yield* a.tokens.remove(key)
    const isDeleted = (yield* redis.send("EXISTS", `icr:v1:token:${key}`)) === 0
    const isTold = yield* happens(Effect.sync(() => told.length > 0))

    const claims = [yield* a.deliveries.claim("1", window), yield* b.deliveries.claim("1", window)]
    const states = yield* Effect.all([a.states.claim("2", window), b.states.claim("2", window)]).pipe(
      Effect.orElseSucceed(() => [])
    )
    yield* a.deliveries.release("1")
    const isClaimed = [claims, states].every(([first, second]) => first === true && second === false)
    const isReleased = yield* Effect.map(redis.send("EXISTS", "icr:v1:claim:1"), (count) => isClaimed && count === 0)
    return [isShared, isLeased, isDeleted, isTold, isClaimed, isReleased].map((works) => (works ? "yes" : "–"))
  }).pipe(Effect.provide(Logger.layer([logger])))
  return { cells, lines }
}, Effect.provide(NodeServices.layer))

const table = (readme.slice(readme.indexOf("| Without ")).split("\n\n")[0] ?? "").split("\n").map((line) =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replace("\\|", "|"))
)

describe.concurrent("a user of Redis with the rights of the README", () => {
  onOwnRedis(
    "can do everything, and nothing is logged",
    Effect.fnUntraced(function* () {
      const { cells, lines } = yield* observe([pattern, ...rights])
      assert.deepStrictEqual([cells, lines], [Array.from({ length: 6 }, () => "yes"), []])
    })
  )

  for (const missing of [pattern, ...rights]) {
    onOwnRedis(
      `without ${missing} lacks what the table says, and the log names the right once for each service`,
      Effect.fnUntraced(function* () {
        const { cells, lines } = yield* observe(
          missing === pattern ? ["~other:*", ...rights] : [pattern, ...rights.filter((right) => right !== missing)]
        )
        assert.deepInclude(table, [`\`${missing}\``, ...cells])
        const named = missing === pattern ? "use keys under this prefix" : `run ${missing.slice(1).toUpperCase()}`
        // Redis 7.0 does not name a command within a script.
        const expected = [named, "run a command within a script"].map(
          (right) => `Redis denied a command (NOPERM: the user may not ${right})`
        )
        for (const line of lines) {
          assert.isTrue(
            expected.some((start) => line.startsWith(start)),
            line
          )
        }
        // A token store, deliveries and install states in each of two processes.
        assert.isAtMost(lines.length, 6)
        assert.isNotEmpty(missing === "+ping" ? ["+ping"] : lines)
      })
    )
  }
})
