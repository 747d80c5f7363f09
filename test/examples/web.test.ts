import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Deferred, Effect, Redacted } from "effect"
import * as fs from "node:fs"
import { root, run, runNode } from "../support/run.ts"
import { environmentOf, serve } from "../support/serve.ts"

// The frameworks are installed by whoever runs these examples first: here, once for this file.
beforeAll(async () => {
  const { exitCode, stderr } = await runNode("examples/web/install.ts")
  assert.strictEqual(exitCode, 0, stderr)
}, 120_000)

describe("the examples for other frameworks", () => {
  it("type-check", async () => {
    const { exitCode, stdout } = await run("node_modules/.bin/tsc", ["-b", "examples/web"], { cwd: root })
    assert.strictEqual(exitCode, 0, stdout)
  })
})

const servers = [
  { file: "express.ts", exchanged: 1 },
  { file: "hono.ts", exchanged: 1 },
  // The requests of a Worker do not wait for each other.
  { file: "support/workerd.ts", exchanged: 3 }
]

for (const { exchanged, file } of servers) {
  describe(`examples/web/${file}`, () => {
    it.live("works on deliveries, keeps its token, and drops the token of a removed installation", () =>
      Effect.gen(function* () {
        const simulator = yield* Simulator
        const { control } = simulator
        const server = yield* serve(`examples/web/${file}`, environmentOf(simulator))
        yield* control.webhooks.setTarget(`${server.address}/webhook`)
        const get = (id: string) =>
          Effect.promise(async () => {
            const answer = await fetch(`${server.address}/installations/${id}/credits`)
            return { status: answer.status, body: await answer.json() }
          })
        const exchanges = control.requestCount("POST /app/installations/{installationId}/accessTokens")

        const { id } = yield* control.install({ fullName: "Forest Friends" })
        assert.strictEqual(yield* server.next, "worked on installed")
        const before = yield* exchanges
        const answers = yield* Effect.all([get(id), get(id), get(id)], { concurrency: 3 })
        for (const { body, status } of answers) {
          assert.strictEqual(status, 200)
          assert.match(body[0].amount, /^\d+(\.\d+)?$/)
        }
        assert.isAtMost((yield* exchanges) - before, exchanged)
        yield* get(id)
        assert.isAtMost((yield* exchanges) - before, exchanged)

        assert.strictEqual((yield* get("no%20id")).status, 404)
        assert.strictEqual((yield* get("123e4567-e89b-12d3-a456-426614174000")).status, 404)
        const forged = yield* control.webhooks.send(id, "suspended", { tamper: "signature" })
        assert.strictEqual(forged.status, 403)
        yield* control.uninstall(id)
        assert.strictEqual(yield* server.next, "worked on uninstalled")
        assert.strictEqual((yield* get(id)).status, 404)

        server.child.kill("SIGTERM")
        // Miniflare ends as a signal does.
        assert.include([0, 143], yield* Deferred.await(server.ended))
        assert.notInclude(server.errors.join(""), Redacted.value(simulator.app.webhookSecret))
      }).pipe(Effect.provide(Simulator.layerServer))
    )
  })
}

describe("pnpm examples", () => {
  it("runs every example, each of which says at its top what it shows", async () => {
    const { exitCode, stderr, stdout } = await runNode("examples/all.ts")
    assert.strictEqual(exitCode, 0, stdout + stderr)
    const inFolder = (folder: string) =>
      fs.readdirSync(`${root}/examples/${folder}`).filter((name) => name.endsWith(".ts"))
    const examples = [...inFolder("."), ...inFolder("web").map((name) => `web/${name}`)]
    const others = new Set(["all.ts", "demo.ts", "web/install.ts"])
    for (const name of examples.filter((name) => !others.has(name))) {
      // A Worker is run by a file of its own.
      assert.include(stdout, `▸ ${name === "web/worker.ts" ? "web/support/workerd.ts" : name}`)
      assert.match(fs.readFileSync(`${root}/examples/${name}`, "utf8"), /^\/\*\*(?:\n \*)? \S.{30,}/, name)
    }
    assert.notMatch(stdout + stderr, /cr[su]_[0-9a-f]{20}|eyJ[\w-]{20}|BEGIN [A-Z ]*PRIVATE KEY/)
  })
})
