/** `icr token`, `icr installations` and `icr get`, and what becomes of secrets. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { atTerminal, environment, hasTerminal, icr, secrets } from "./support/icr.ts"

const token = /crs_[0-9a-f]{48}/

const Line = Schema.fromJsonString(
  Schema.Struct({
    id: Schema.String,
    createdAt: Schema.String,
    organization: Schema.Struct({ fullName: Schema.String }),
    permissions: Schema.Record(Schema.String, Schema.String)
  })
)

const registry = Effect.provide(Simulator.layerServerWith({ installations: 120 }))

describe("icr token", () => {
  it.live("refuses to print into a pipe, and asks for no token", () =>
    Effect.gen(function* () {
      const { exitCode, stderr, stdout } = yield* icr(["token"], yield* environment)
      assert.deepStrictEqual([exitCode, stdout], [2, ""])
      assert.match(stderr, /^icr: a token is a secret, .*--show.*\n$/)
      assert.deepStrictEqual(yield* (yield* Simulator).control.requestLog, [])
    }).pipe(registry)
  )

  it.live("prints the token alone on standard output with --show", () =>
    Effect.gen(function* () {
      const { exitCode, stderr, stdout } = yield* icr(["token", "--show"], yield* environment)
      assert.strictEqual(exitCode, 0, stderr)
      assert.match(stdout, /^crs_[0-9a-f]{48}\n$/)
      assert.match(stderr, /^app access token, good until 20\d\d-.*\n$/)
      assert.notMatch(stderr, secrets)
      const [id = ""] = yield* (yield* Simulator).installationIds
      const other = yield* icr(["token", "--installation", id, "--show"], yield* environment)
      assert.match(other.stdout, /^crs_[0-9a-f]{48}\n$/)
      assert.match(other.stderr, /^installation access token, good until .*organization_info VIEW.*\n$/)
    }).pipe(registry)
  )

  it.live.skipIf(!hasTerminal)("prints it at a terminal", () =>
    Effect.gen(function* () {
      const { exitCode, stdout } = yield* atTerminal(["token"], yield* environment)
      assert.strictEqual(exitCode, 0, stdout)
      assert.match(stdout, token)
    }).pipe(registry)
  )
})

describe("icr installations", () => {
  it.live("is one line of JSON for each in a pipe, over all pages, with nothing on standard error", () =>
    Effect.gen(function* () {
      const { exitCode, stderr, stdout } = yield* icr(["installations"], yield* environment)
      assert.deepStrictEqual([exitCode, stderr], [0, ""])
      const lines = yield* Effect.forEach(stdout.trim().split("\n"), (line) => Schema.decodeEffect(Line)(line))
      assert.deepStrictEqual(
        lines.map(({ id }) => id),
        yield* (yield* Simulator).installationIds
      )
    }).pipe(registry)
  )

  it.live.skipIf(!hasTerminal)("is a table at a terminal, after counting while it pages", () =>
    Effect.gen(function* () {
      const { exitCode, stdout } = yield* atTerminal(["installations"], yield* environment)
      assert.strictEqual(exitCode, 0, stdout)
      const [progress = "", table = ""] = stdout.split(/(?=ID {2,})/)
      for (const count of [50, 100, 120]) assert.include(progress, `\u001b[K${count} installations …`)
      assert.isTrue(progress.endsWith("\r\u001b[K"))
      const rows = table.trim().split(/\r?\n/)
      assert.match(rows[0] ?? "", /^ID +ORGANIZATION +SINCE +PERMISSIONS$/)
      assert.lengthOf(rows, 121)
      const [id = ""] = yield* (yield* Simulator).installationIds
      assert.match(rows[1] ?? "", new RegExp(`^${id}  \\w.+  \\d{4}-\\d\\d-\\d\\d  organization_info VIEW`))
      const at = (row: string) => row.search(/\d{4}-\d\d-\d\d  /)
      assert.isTrue(rows.slice(1).every((row) => at(row) === rows[0]?.indexOf("SINCE")))
    }).pipe(registry)
  )

  it.live.skipIf(!hasTerminal)("is lines of JSON at a terminal with --json", () =>
    Effect.gen(function* () {
      const { stdout } = yield* atTerminal(["installations", "--json"], yield* environment)
      const lines = stdout.trim().split(/\r?\n/)
      assert.lengthOf(lines, 120)
      for (const line of lines) yield* Schema.decodeEffect(Line)(line)
    }).pipe(registry)
  )

  it.live.skipIf(!hasTerminal)("shows no control character of a name", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      yield* control.install({ fullName: "Evil\u001b[2J\u202eCorp" })
      const { stdout } = yield* atTerminal(["installations"], yield* environment)
      assert.include(stdout, "Evil [2J Corp")
    }).pipe(Effect.provide(Simulator.layerServer))
  )
})

describe("without a configuration", () => {
  for (const args of [["installations"], ["get", "/projects"], ["token", "--show"]]) {
    it.live(`icr ${args.join(" ")} names the variable in one line, with exit code 3`, () =>
      Effect.gen(function* () {
        const { exitCode, stderr, stdout } = yield* icr(args, { ICR_APP_ID: "1" })
        assert.deepStrictEqual([exitCode, stdout], [3, ""])
        assert.match(stderr, /^icr: ICR_PRIVATE_KEY: is missing.*\n$/)
      })
    )
  }
})

describe("secrets", () => {
  for (const args of [["installations"], ["get", "/projects"], ["get", "/nothing"], ["token"]]) {
    it.live(`are in nothing that icr ${args.join(" ")} prints, at the finest log level too`, () =>
      Effect.gen(function* () {
        const variables = yield* environment
        const { stderr, stdout } = yield* icr([...args, "--log-level", "all"], variables)
        assert.notMatch(stdout + stderr, secrets)
        assert.notInclude(stdout + stderr, variables["ICR_WEBHOOK_SECRET"] ?? "none")
      }).pipe(registry)
    )
  }
})
