import { Simulator } from "@effect-icr/simulator"
import { NodeServices } from "@effect/platform-node"
import { assert, describe } from "@effect/vitest"
import { Effect, Layer, Redacted, Schedule, Scope } from "effect"
import type { Redis } from "effect/persistence"
import * as fs from "node:fs"
import { startRedis } from "../../examples/support/redis.ts"
import { root } from "../support/run.ts"
import { startPair } from "./support/failover.ts"
import { makeMachine } from "./support/machines.ts"
import { newKey, onOwnRedis, rawAt } from "./support/redis.ts"

const route = "POST /app/installations/{installationId}/accessTokens"
const each = 10

type Server = Effect.Success<ReturnType<typeof startRedis>>
type Send = Redis.Redis["Service"]["send"]

type Machine = Effect.Success<ReturnType<typeof makeMachine>>

/** What a trouble is expected to cost. */
interface Cost {
  /** Exchanges for new tokens during the trouble. */
  readonly during: number
  /** Warnings on each machine. */
  readonly warnings: number
  /** Whether the log says that Redis is available again. */
  readonly isOutage: boolean
}

const nothing: Cost = { during: each, warnings: 0, isOutage: false }
const outage: Cost = { during: 2 * each, warnings: 1, isOutage: true }

interface Trouble {
  readonly name: string
  readonly cost: Cost
  /** Whether the machines connect as a user of their own instead of the default one. */
  readonly asUser?: true
  readonly begin: (server: Server, send: Send, machines: ReadonlyArray<Machine>) => Effect.Effect<unknown, unknown>
  readonly end: (server: Server, send: Send) => Effect.Effect<unknown, unknown, never>
}

const signal = (name: NodeJS.Signals) => (server: Server) => Effect.sync(() => process.kill(server.pid, name))

const user = "icr-test"
const setUser = (send: Send, ...rules: ReadonlyArray<string>) => send("ACL", "SETUSER", user, ...rules)

/** Until each machine has logged this many lines. */
const awaitLines = (machines: ReadonlyArray<Machine>, level: "Warn" | "Info", count: number) =>
  Effect.forEach(machines, ({ lines }) =>
    Effect.repeat(
      Effect.sync(() => lines(level).length),
      { until: (length) => length === count, schedule: Schedule.spaced("50 millis") }
    )
  ).pipe(Effect.timeout("20 seconds"))

const troubles: ReadonlyArray<Trouble> = [
  { name: "frozen (`SIGSTOP`), then thawed", cost: outage, begin: signal("SIGSTOP"), end: signal("SIGCONT") },
  {
    name: "answering after 1.5 s",
    cost: outage,
    begin: (_, send) => send("CLIENT", "PAUSE", "1500", "ALL"),
    end: () => Effect.void
  },
  {
    name: "out of memory, then given some",
    cost: outage,
    begin: (_, send) => send("CONFIG", "SET", "maxmemory", "1"),
    end: (_, send) => send("CONFIG", "SET", "maxmemory", "0")
  },
  {
    name: "asking for another password, then for none",
    cost: outage,
    begin: (_, send) =>
      Effect.andThen(
        send("CONFIG", "SET", "requirepass", "another"),
        send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
      ),
    end: (_, send) => send("CONFIG", "SET", "requirepass", "")
  },
  {
    name: "denying the user EVALSHA, then allowing it",
    cost: { during: 2 * each, warnings: 1, isOutage: false },
    asUser: true,
    begin: (_, send) => setUser(send, "-evalsha"),
    end: (_, send) => setUser(send, "+evalsha")
  },
  {
    name: "denying the user streams, then allowing them",
    cost: { during: each, warnings: 1, isOutage: false },
    asUser: true,
    begin: (_, send, machines) => Effect.andThen(setUser(send, "-@stream"), awaitLines(machines, "Warn", 1)),
    end: (_, send) => setUser(send, "+@stream")
  },
  { name: "flushed", cost: nothing, begin: (_, send) => send("FLUSHALL"), end: () => Effect.void }
]

/** What two machines experience: with tokens they hold, with new ones during the trouble, and with new ones after it. */
const observe = Effect.fnUntraced(function* (
  machines: ReadonlyArray<Machine>,
  cost: Cost,
  begin: Effect.Effect<unknown, unknown>,
  end: Effect.Effect<unknown, unknown>
) {
  const { control, installationIds } = yield* Simulator
  const ids = yield* installationIds
  const [held, during, after] = [ids.slice(0, each), ids.slice(each, 2 * each), ids.slice(2 * each, 3 * each)]
  let failed = 0
  const ask = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
    const before = yield* control.requestCount(route)
    for (const machine of machines) {
      yield* Effect.catchCause(Effect.asVoid(machine.tokens(ids)), () => Effect.sync(() => void failed++))
    }
    return (yield* control.requestCount(route)) - before
  })
  yield* ask(held)
  yield* begin
  const exchanges = [yield* ask(held), yield* ask(during)]
  yield* end
  yield* awaitLines(machines, "Info", cost.isOutage ? 1 : 0)
  exchanges.push(yield* ask(after))
  assert.isTrue(
    machines.every(({ slowest }) => slowest.millis < 2000),
    "no call waited for long"
  )
  return { exchanges, failed, warnings: machines.map(({ lines }) => lines("Warn")) }
})

const startOn = (port: number, scope: Scope.Scope) =>
  startRedis({ port }).pipe(Effect.provide(NodeServices.layer), Effect.provideService(Scope.Scope, scope))

const secrets = (storeKey: Redacted.Redacted) => [Redacted.value(storeKey), "the-password", "crs_", "BEGIN", "eyJ"]

const rows: Array<ReadonlyArray<string>> = []
const noteRow = (name: string, { exchanges, failed, warnings }: Effect.Success<ReturnType<typeof observe>>) =>
  rows.push([name, String(failed), ...exchanges.map(String), warnings.map((all) => all.length).join(" + ")])

const check = (
  name: string,
  cost: Cost,
  storeKey: Redacted.Redacted,
  seen: Effect.Success<ReturnType<typeof observe>>
) => {
  // Held tokens need no exchange; new ones are exchanged by each machine during an outage, and shared again after it.
  assert.deepStrictEqual(seen.exchanges, [0, cost.during, each])
  assert.strictEqual(seen.failed, 0)
  for (const warnings of seen.warnings) {
    assert.strictEqual(warnings.length, cost.warnings, warnings.join("\n"))
    for (const secret of secrets(storeKey)) assert.notInclude(warnings.join(), secret)
  }
  noteRow(name, seen)
}

const provided = Effect.provide(Layer.merge(NodeServices.layer, Simulator.layerWith({ installations: 3 * each })))

describe("the callers of two machines notice nothing when Redis is", () => {
  for (const { asUser, begin, cost, end, name } of troubles) {
    onOwnRedis(
      name,
      Effect.fnUntraced(function* () {
        const server = yield* startRedis()
        const { send } = yield* rawAt(server.url)
        yield* setUser(send, "on", "nopass", "~*", "&*", "+@all")
        const keys = newKey()
        const url = asUser === true ? server.url.replace("//", `//${user}:any@`) : server.url
        const machines = yield* Effect.replicateEffect(makeMachine({ url, keys }), 2)
        check(name, cost, keys, yield* observe(machines, cost, begin(server, send, machines), end(server, send)))
      }, provided)
    )
  }

  const stopped = "stopped, then started again, empty"
  onOwnRedis(
    stopped,
    Effect.fnUntraced(function* () {
      const server = yield* startRedis()
      const keys = newKey()
      const machines = yield* Effect.replicateEffect(makeMachine({ url: server.url, keys }), 2)
      const scope = yield* Effect.scope
      const seen = yield* observe(machines, outage, signal("SIGKILL")(server), startOn(server.port, scope))
      check(stopped, outage, keys, seen)
    }, provided)
  )

  const failedOver = "failed over to its replica"
  onOwnRedis(
    failedOver,
    Effect.fnUntraced(function* () {
      const { failOver, url } = yield* startPair
      const keys = newKey()
      const machines = yield* Effect.replicateEffect(makeMachine({ url, keys }), 2)
      check(failedOver, outage, keys, yield* observe(machines, outage, failOver, Effect.void))
    }, provided)
  )

  const absent = "not there at the start, then started"
  onOwnRedis(
    absent,
    Effect.fnUntraced(function* () {
      const port = (yield* Effect.scoped(startRedis())).port
      const keys = newKey()
      const machines = yield* Effect.replicateEffect(makeMachine({ url: `redis://127.0.0.1:${port}`, keys }), 2)
      const scope = yield* Effect.scope
      const { control, installationIds } = yield* Simulator
      yield* Effect.forEach(machines, ({ tokens }) =>
        Effect.flatMap(installationIds, (ids) => tokens(ids.slice(0, each)))
      )
      assert.strictEqual(yield* control.requestCount(route), 2 * each)
      const seen = yield* observe(machines, outage, Effect.void, startOn(port, scope))
      check(absent, outage, keys, seen)
    }, provided)
  )

  const wrong = "refusing the password at the start, then taking it"
  onOwnRedis(
    wrong,
    Effect.fnUntraced(function* () {
      const server = yield* startRedis({ settings: ["--requirepass", "the-right-one"] })
      const { send } = yield* rawAt(server.url, "the-right-one")
      const keys = newKey()
      const machines = yield* Effect.replicateEffect(
        makeMachine({ url: server.url, keys, password: "the-password" }),
        2
      )
      const seen = yield* observe(machines, outage, Effect.void, send("CONFIG", "SET", "requirepass", "the-password"))
      for (const [warning] of seen.warnings) assert.include(warning, "WRONGPASS")
      check(wrong, outage, keys, seen)
    }, provided)
  )

  onOwnRedis(
    "still out of memory after a second, though it answers reads: the outage does not end",
    Effect.fnUntraced(function* () {
      const server = yield* startRedis()
      const { send } = yield* rawAt(server.url)
      const machine = yield* makeMachine({ url: server.url, keys: newKey() })
      const [first = "", second = ""] = yield* (yield* Simulator).installationIds
      yield* send("CONFIG", "SET", "maxmemory", "1")
      yield* machine.token(first)
      yield* Effect.sleep("1500 millis")
      yield* machine.token(second)
      assert.deepStrictEqual([machine.lines("Warn").length, machine.lines("Info")], [1, []])
    }, provided)
  )

  onOwnRedis("in trouble as in the table of the README: its figures are the observed ones", () =>
    Effect.sync(() => {
      const readme = fs.readFileSync(`${root}/packages/redis/README.md`, "utf8")
      const table = readme.slice(readme.indexOf("| Redis is ")).split("\n\n")[0] ?? ""
      const cells = table.split("\n").map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim())
      )
      assert.sameDeepMembers(cells.slice(2), rows)
      assert.strictEqual(rows.length, troubles.length + 4)
    })
  )
})
