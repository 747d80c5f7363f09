/** `icr get`: any endpoint, digit for digit. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { atTerminal, environment, hasTerminal, icr } from "./support/icr.ts"

const registry = Effect.provide(Simulator.layerServer)

/** What the registry answers to the next request for its projects. */
const answering = Effect.fnUntraced(function* (headers: Record<string, string>, body: string) {
  const { control } = yield* Simulator
  yield* control.faults.script("GET /projects", [{ _tag: "Status", status: 200, headers, body }])
})

describe("icr get", () => {
  it.live("reads with the app's token, as one line in a pipe", () =>
    Effect.gen(function* () {
      const { exitCode, stderr, stdout } = yield* icr(["get", "/projects?limit=2"], yield* environment)
      assert.deepStrictEqual([exitCode, stderr], [0, ""])
      assert.match(stdout, /^\{"pagination":\{.*\}\n$/)
    }).pipe(registry)
  )

  it.live.skipIf(!hasTerminal)("is indented at a terminal", () =>
    Effect.gen(function* () {
      const { stdout } = yield* atTerminal(["get", "/projects?limit=2"], yield* environment)
      assert.match(stdout, /^\{\r?\n {2}"pagination": \{\r?\n {4}"total": 60,/)
    }).pipe(registry)
  )

  it.live("reads with an installation's token", () =>
    Effect.gen(function* () {
      const { installationIds, organizationIds } = yield* Simulator
      const [id = ""] = yield* installationIds
      const [organization = ""] = yield* organizationIds
      const path = `/organizations/${organization}`
      const { exitCode, stderr, stdout } = yield* icr(["get", path, "--installation", id], yield* environment)
      assert.strictEqual(exitCode, 0, stderr)
      assert.include(stdout, `"id":"${organization}"`)
    }).pipe(registry)
  )

  it.live("says in one line what the registry said, and sends nothing to another host", () =>
    Effect.gen(function* () {
      const missing = yield* icr(["get", "/nothing"], yield* environment)
      assert.deepStrictEqual([missing.exitCode, missing.stdout], [1, ""])
      assert.match(missing.stderr, /^icr: icr get \(GET \/nothing\) answered 404.*\n$/)
      const foreign = yield* icr(["get", "https://example.com/x"], yield* environment)
      assert.strictEqual(foreign.exitCode, 1)
      assert.match(foreign.stderr, /^icr: icr get sent nothing: an absolute URL was given.*\n$/)
    }).pipe(registry)
  )

  it.live("keeps every digit of a number", () =>
    Effect.gen(function* () {
      const variables = yield* environment
      yield* answering(
        { "content-type": "application/json; charset=utf-8" },
        '{ "amount":\n 12345678901.000000000000000001 }'
      )
      const { stdout } = yield* icr(["get", "/projects"], variables)
      assert.strictEqual(stdout, '{"amount":12345678901.000000000000000001}\n')
    }).pipe(registry)
  )

  it.live("writes what is no JSON as it came", () =>
    Effect.gen(function* () {
      const variables = yield* environment
      yield* answering({ "content-type": "application/pdf" }, "%PDF\u001b[2J")
      const { exitCode, stdout } = yield* icr(["get", "/projects"], variables)
      assert.deepStrictEqual([exitCode, stdout], [0, "%PDF\u001b[2J"])
    }).pipe(registry)
  )

  it.live.skipIf(!hasTerminal)("gives a terminal digits, and nothing that is not text", () =>
    Effect.gen(function* () {
      const variables = yield* environment
      yield* answering({ "content-type": "application/json" }, '{"amount":0.100000000000000001}')
      const number = yield* atTerminal(["get", "/projects"], variables)
      assert.match(number.stdout, /^\{\r?\n {2}"amount": 0\.100000000000000001\r?\n\}\r?\n$/)
      yield* answering({ "content-type": "application/pdf" }, "%PDF\u001b[2J")
      const pdf = yield* atTerminal(["get", "/projects"], variables)
      assert.strictEqual(pdf.exitCode, 1)
      assert.match(pdf.stdout, /^icr: the answer is 8 bytes of application\/pdf, not text; .*> FILE\r?\n$/)
    }).pipe(registry)
  )
})
