import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as fs from "node:fs"
import { type Outcome, root, runNode } from "../support/run.ts"

const secrets = /cr[su]_[0-9a-f]{20}|eyJ[\w-]{20}|BEGIN [A-Z ]*PRIVATE KEY/

const succeeded = ({ exitCode, stderr, stdout }: Outcome) => {
  assert.strictEqual(exitCode, 0, stdout + stderr)
  assert.notMatch(stdout + stderr, secrets)
}

const environmentOf = ({ app, baseUrl }: Simulator["Service"]) => ({
  ICR_APP_ID: app.appId,
  ICR_PRIVATE_KEY: Redacted.value(app.privateKey),
  ICR_BASE_URL: baseUrl
})

describe("pnpm demo", () => {
  it("does the whole job against the simulator and shows no secret", async () => {
    const outcome = await runNode("examples/demo.ts")
    succeeded(outcome)
    for (const line of [
      "120 installations in all",
      "360 callers got 120 tokens",
      "read 120 organizations",
      "asked again: a new token",
      "the next call went through with a new one",
      "InstallationSuspended: ",
      "resumed by its organization, it answers again",
      /\d+ requests went out; the token cache saved \d+ more/
    ]) {
      if (typeof line === "string") assert.include(outcome.stdout, line)
      else assert.match(outcome.stdout, line)
    }
  })

  it.live("runs against the registry in the environment, reading only", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const outcome = yield* Effect.promise(() => runNode("examples/demo.ts", environmentOf(simulator)))
      succeeded(outcome)
      assert.include(outcome.stdout, "reading only")
      const log = yield* simulator.control.requestLog
      for (const { method, path } of log) {
        assert.isTrue(method === "GET" || path.endsWith("/accessTokens"), `${method} ${path}`)
      }
    }).pipe(Effect.provide(Simulator.layerServerWith({ installations: 8 })))
  )

  it.live("fails with one line and a non-zero exit code", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const environment = { ...environmentOf(simulator), ICR_APP_ID: "somebody-else" }
      const { exitCode, stderr } = yield* Effect.promise(() => runNode("examples/demo.ts", environment))
      assert.notStrictEqual(exitCode, 0)
      assert.match(stderr.trim(), /^demo failed: [^\n]+$/)
    }).pipe(Effect.provide(Simulator.layerServer))
  )

  it("names the variable when the key is missing", async () => {
    const { exitCode, stderr } = await runNode("examples/demo.ts", {
      ICR_APP_ID: "1",
      ICR_BASE_URL: "http://localhost:1"
    })
    assert.notStrictEqual(exitCode, 0)
    assert.match(stderr.trim(), /^demo failed: ICR_PRIVATE_KEY[^\n]+$/)
  })
})

describe("pnpm examples", () => {
  it("runs every example", async () => {
    const outcome = await runNode("examples/all.ts")
    succeeded(outcome)
    const files = fs.readdirSync(`${root}/examples`).filter((name) => name.endsWith(".ts"))
    // The two servers run until they are stopped: their tests are in webhooks.test.ts.
    const elsewhere = new Set(["all.ts", "demo.ts", "install-flow.ts", "webhook-server.ts"])
    for (const name of files.filter((name) => !elsewhere.has(name))) {
      assert.include(outcome.stdout, `▸ ${name}`)
    }
  })
})
