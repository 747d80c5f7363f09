import { Simulator, type SimulatorServerOptions } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Redacted } from "effect"
import { root, run, runNode } from "../support/run.ts"
import { environmentOf, serve } from "../support/serve.ts"
import { launchChromium, withoutChromium } from "../support/chromium.ts"

const simulated = (options: SimulatorServerOptions = {}) => Effect.provide(Simulator.layerServerWith(options))

describe("examples/webhook-server.ts", () => {
  for (const profile of ["documented", "observed"] as const) {
    it.live(`works on what the simulator sends, ${profile}, and refuses its mischief`, () =>
      Effect.gen(function* () {
        const simulator = yield* Simulator
        const { control } = simulator
        const server = yield* serve("examples/webhook-server.ts", environmentOf(simulator))
        yield* control.webhooks.setTarget(`${server.address}/webhook`)

        const { id } = yield* control.install({ fullName: "Forest Friends" })
        assert.strictEqual(yield* server.next, `installed ${id} on Forest Friends`)
        yield* control.suspend(id)
        assert.strictEqual(yield* server.next, `suspended ${id}`)
        yield* control.unsuspend(id)
        assert.strictEqual(yield* server.next, `unsuspended ${id}`)
        yield* control.requestPermissions({ organization_info: "VIEW" })
        yield* control.approvePermissions(id)
        assert.strictEqual(yield* server.next, `newPermissionsAccepted ${id}`)
        yield* control.webhooks.transaction(id, { amount: 13.5 })
        assert.strictEqual(yield* server.next, "warehouseTransaction of 13.5 t")
        yield* control.webhooks.transaction(id, { of: "organization", status: "PENDING_QUEUE", amount: 2 })
        assert.strictEqual(yield* server.next, "organizationTransaction of 2 t")
        yield* control.webhooks.send(id, "creditsFrozen")
        assert.strictEqual(yield* server.next, "something new: creditsFrozen")

        const statusOf = (mischief: Parameters<typeof control.webhooks.send>[2]) =>
          Effect.map(control.webhooks.send(id, "installed", mischief), ({ status }) => status)
        assert.strictEqual(yield* statusOf({ secret: "none" }), 403)
        assert.strictEqual(yield* statusOf({ tamper: "signature" }), 403)
        assert.strictEqual(yield* statusOf({ tamper: "signedData" }), 403)
        const posted = (body: string, type = "application/json") =>
          Effect.promise(async () => {
            const headers = { "content-type": type }
            return (await fetch(`${server.address}/webhook`, { method: "POST", headers, body })).status
          })
        assert.strictEqual(yield* posted("x".repeat(2 * 1024 * 1024)), 413)
        assert.strictEqual(yield* posted("{}", "text/plain"), 415)
        assert.strictEqual(yield* posted(""), 403)
        yield* control.uninstall(id)
        assert.strictEqual(yield* server.next, `uninstalled ${id}`)
        yield* control.webhooks.settled
        yield* control.webhooks.rotateSecret()
        const [first = ""] = yield* simulator.installationIds
        assert.strictEqual((yield* control.webhooks.send(first, "suspended")).status, 403)
        const old = yield* control.webhooks.send(first, "suspended", { secret: "previous" })
        assert.strictEqual(old.status, 202)
        assert.strictEqual(yield* server.next, `suspended ${first}`)

        server.child.kill("SIGTERM")
        yield* Deferred.await(server.ended)
        const secret = Redacted.value(simulator.app.webhookSecret)
        assert.notInclude(server.errors.join(""), secret)
      }).pipe(simulated({ profile }))
    )
  }
})

describe("examples/install-flow.ts", () => {
  it.live("answers an invented installation with 400, and an outage with 503", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const { control } = simulator
      const server = yield* serve("examples/install-flow.ts", environmentOf(simulator))
      /** The status of a callback, after the beginning of a flow, in one browser session. */
      const statusOf = (installationId: string) =>
        Effect.promise(async () => {
          const begun = await fetch(server.address)
          const [, state = ""] = /[?&;]state=([\w.-]+)/.exec(await begun.text()) ?? []
          const cookie = begun.headers.get("set-cookie")?.split(";")[0] ?? ""
          const query = new URLSearchParams({ installationId, state })
          const answer = await fetch(`${server.address}/callback?${query}`, { headers: { cookie } })
          return [answer.status, /id="refused">(\w+)/.exec(await answer.text())?.[1]]
        })
      assert.deepStrictEqual(yield* statusOf("123e4567-e89b-12d3-a456-426614174000"), [400, "InstallationNotFound"])
      const [first = ""] = yield* simulator.installationIds
      assert.deepStrictEqual(yield* statusOf(first), [200, undefined])
      yield* control.faults.probability("GET /app/installations/{installationId}", 1, {
        _tag: "Status",
        status: 503,
        headers: { "retry-after": "3600" }
      })
      assert.deepStrictEqual(yield* statusOf(first), [503, "tryAgain"])
    }).pipe(simulated())
  )

  it.live.skipIf(withoutChromium("the install flow in a real browser"))("is driven by a real browser", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const { control } = simulator
      const server = yield* serve("examples/install-flow.ts", environmentOf(simulator))
      const callback = `${server.address}/callback`
      yield* control.setCallbackUrls([callback])
      const browser = yield* Effect.acquireRelease(
        Effect.promise(() => launchChromium()),
        (browser) => Effect.promise(() => browser.close())
      )
      const page = yield* Effect.promise(() => browser.newPage())
      const before = yield* simulator.installationIds

      const text = yield* Effect.promise(async () => {
        await page.goto(server.address)
        await page.click("#connect")
        const permissions = await page.textContent("#permissions")
        await page.selectOption("#organization", { label: "A new organization" })
        await page.click("#install")
        await page.waitForSelector("#organization")
        return { permissions, organization: await page.textContent("#organization"), url: page.url() }
      })
      const made = (yield* simulator.installationIds).find((id) => !before.includes(id))
      assert.isDefined(made)
      assert.include(text.permissions ?? "", "organization_inventory: Read and request")
      assert.match(text.organization ?? "", /^Organization \d+$/)
      assert.isTrue(text.url.startsWith(`${callback}?`))
      assert.strictEqual(new URL(text.url).searchParams.get("installationId"), made)
      assert.strictEqual(yield* server.next, `connected ${made}`)

      // Going back to the same address is a replay.
      const replayed = yield* Effect.promise(async () => {
        await page.goto(text.url)
        return page.textContent("#refused")
      })
      assert.strictEqual(replayed, "stateReplayed")

      // Somebody else's browser, led to the address of a flow that another one began.
      const foreign = yield* Effect.promise(async () => {
        await page.goto(server.address)
        const link = await page.getAttribute("#connect", "href")
        const state = new URL(link ?? "").searchParams.get("state") ?? ""
        const other = await (await browser.newContext()).newPage()
        const ledTo = `${callback}?${new URLSearchParams({ installationId: made ?? "", state })}`
        await other.goto(ledTo)
        const withoutSession = await other.textContent("#refused")
        await other.goto(server.address)
        await other.goto(ledTo)
        return [withoutSession, await other.textContent("#refused")]
      })
      assert.deepStrictEqual(foreign, ["sessionMissing", "stateForeign"])

      // An organization that has it already: the same installation again, and the page says so.
      const again = yield* Effect.promise(async () => {
        await page.goto(server.address)
        await page.click("#connect")
        const [label = ""] = await page.$$eval("#organization option", (options) =>
          options.map(({ textContent }) => textContent ?? "").filter((text) => text.includes("(installed)"))
        )
        await page.selectOption("#organization", { label: label.trim() })
        await page.click("#install")
        await page.waitForSelector("#missing")
        return page.content()
      })
      assert.include(again, "It was installed before")
      yield* server.next
      assert.strictEqual((yield* simulator.installationIds).length, before.length + 1)
    }).pipe(simulated())
  )
})

describe("examples/webhook-node.ts", () => {
  it("receives a delivery and finishes the work before it stops", async () => {
    const { exitCode, stderr, stdout } = await runNode("examples/webhook-node.ts", { ICR_WEBHOOK_SECRET: "a-secret" })
    assert.strictEqual(exitCode, 0, stderr)
    assert.sameMembers(stdout.trim().split("\n"), ["answered 202", "worked on installed"])
  })

  it("ends with the name of what is missing", async () => {
    const { exitCode, stderr } = await runNode("examples/webhook-node.ts", {})
    assert.notStrictEqual(exitCode, 0)
    assert.include(stderr, "secret")
  })
})

describe("a machine that stops once the answer is out", () => {
  for (const [form, printed] of [
    // What the others are for: the event is accepted and lost.
    ["handler", "202"],
    ["waitUntil", "done 202"],
    ["handlerWith", "done 202"]
  ] as const) {
    it(`prints ${printed} with ${form}`, async () => {
      const { stdout } = await run(process.execPath, ["test/webhooks/support/stoppedMachine.ts", form], { cwd: root })
      assert.strictEqual(stdout, printed)
    })
  }
})
