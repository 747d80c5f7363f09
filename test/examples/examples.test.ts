import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { type Outcome, runNode } from "../support/run.ts"

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
      /0\.5 t of .+ retired for its buyer/,
      /its certificate is \S+\.pdf, \d{3,} bytes/,
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

describe("examples/retire-at-checkout.ts", () => {
  it("ends each order as a paid retirement or without a charge, restarts included", async () => {
    const outcome = await runNode("examples/retire-at-checkout.ts")
    succeeded(outcome)
    for (const [order, end] of [
      ["1001", "retired +yes"],
      ["1002", "cancelled +no"],
      ["1003", "retired +yes"],
      ["1004", "retired +yes"],
      ["1005", "retired +yes"],
      ["1006", "cancelled +no"],
      ["1007", "cancelled +no"],
      ["1008", "retired +yes"]
    ] as const) {
      assert.match(outcome.stdout, new RegExp(`^${order} .+ ${end}$`, "m"))
    }
    assert.include(
      outcome.stdout,
      "5 paid retirements with 5 certificates, 3 cancelled, 0 reservations left, 2.5 t retired"
    )
  })
})

/** Digits of tonnes as a whole number of 10⁻¹⁸ t. */
const atto = (digits: string) => {
  const [whole = "", decimals = ""] = digits.split(".")
  return BigInt(whole + decimals.padEnd(18, "0"))
}

describe("examples/nightly-inventory.ts", () => {
  it("sums every digit and reports the suspended installation", async () => {
    const outcome = await runNode("examples/nightly-inventory.ts")
    succeeded(outcome)
    const [first = "", second = ""] = outcome.stdout.split("\n\n")
    assert.include(first, "in 6 inventories, 0 suspended")
    assert.include(second, "in 5 inventories, 1 suspended, 0 not read for other reasons")
    assert.match(second, / InstallationSuspended$/m)
    for (const night of [first, second]) {
      const amounts = Array.from(night.matchAll(/ (\S+) t$/gm), ([, digits = ""]) => atto(digits))
      const [, total = ""] = /installations: (\S+) t in/.exec(night) ?? []
      assert.strictEqual(
        amounts.reduce((sum, amount) => sum + amount, 0n),
        atto(total)
      )
    }
  })
})
