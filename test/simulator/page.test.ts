import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import type { Page } from "playwright-core"
import { launchChromium, withoutChromium } from "../support/chromium.ts"
import { call, callAsApp, mint } from "./support/calls.ts"
import { ask, first, inventory, token } from "./support/credits.ts"
import { appJwt } from "./support/jwt.ts"

const skip = withoutChromium("test/simulator/page.test.ts")

const acquire = Effect.acquireRelease(Effect.promise(launchChromium), (browser) =>
  Effect.promise(() => browser.close())
)

/** A page at `path` of the simulator, and every address it asks for. */
const open = Effect.fnUntraced(function* (path: string) {
  const { baseUrl } = yield* Simulator
  const browser = yield* acquire
  const page = yield* Effect.promise(() => browser.newPage())
  const asked: Array<string> = []
  const problems: Array<string> = []
  page.on("request", (request) => asked.push(request.url()))
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text())
  })
  page.on("pageerror", (error) => problems.push(error.message))
  yield* Effect.promise(() => page.goto(`${baseUrl}${path}`, { waitUntil: "networkidle" }))
  const foreign = () => asked.filter((url) => !url.startsWith(baseUrl) && !url.startsWith("data:"))
  return { page, foreign, problems }
})

const press = (page: Page, row: string, label: string) =>
  Effect.promise(async () => {
    await page.locator(row).getByRole("button", { name: label, exact: true }).click()
    await page.waitForLoadState("networkidle")
  })

const server = Effect.provide(Layer.merge(Simulator.layerServerWith({ installations: 3 }), FetchHttpClient.layer))

describe("in a real browser", () => {
  it.live.skipIf(skip)(
    "an administrator accepts and declines credit requests on the page",
    Effect.fnUntraced(
      function* () {
        const { control } = yield* Simulator
        yield* control.setBehaviour({ processingDelay: Duration.zero })
        const bearer = yield* token
        const { id: creditId } = first(yield* inventory(bearer))
        for (const amount of ["0.25", "0.75"]) {
          yield* ask("POST", "/inventory/requests/cancel", bearer, `{"creditId":"${creditId}","amount":${amount}}`)
        }
        const [newest, oldest] = yield* control.credits.requests
        const { page } = yield* open("/")
        yield* press(page, `[data-request="${newest?.id}"]`, "Accept")
        yield* press(page, `[data-request="${oldest?.id}"]`, "Decline")
        assert.deepStrictEqual(
          (yield* control.credits.requests).map(({ amount, state }) => [amount, state]),
          [
            ["0.75", "processed"],
            ["0.25", "rejected"]
          ]
        )
        const row = page.locator(`[data-request="${newest?.id}"]`)
        assert.include(yield* Effect.promise(() => row.innerText()), "0.75 t")
        assert.strictEqual(yield* Effect.promise(() => row.getByRole("button").count()), 0)
      },
      Effect.scoped,
      server
    )
  )

  it.live.skipIf(skip)(
    "the page shows the world and its buttons change it",
    Effect.fnUntraced(
      function* () {
        const { app, control } = yield* Simulator
        const [first, second] = yield* control.installations()
        const token = yield* mint(first?.id)
        const jwt = yield* appJwt()
        yield* call("GET", `/projects?access_token=${token}`, token)
        const { foreign, page, problems } = yield* open("/")
        const text = () => Effect.promise(() => page.locator("body").innerText())
        const row = (id: string | undefined) => `[data-installation="${id}"]`
        const status = (id: string | undefined) => Effect.promise(() => page.locator(`${row(id)} .status`).innerText())

        assert.include(yield* text(), app.appId)
        assert.include(yield* text(), `crs_…${token.slice(-4)}`)
        const source = yield* Effect.promise(() => page.content())
        for (const secret of [token, jwt, Redacted.value(app.webhookSecret)]) assert.notInclude(source, secret)

        yield* press(page, row(first?.id), "Suspend")
        assert.strictEqual(yield* status(first?.id), "suspended")
        assert.strictEqual((yield* callAsApp("POST", `/app/installations/${first?.id}/accessTokens`)).status, 403)
        yield* press(page, row(first?.id), "Unsuspend")
        assert.strictEqual(yield* status(first?.id), "active")
        yield* press(page, row(second?.id), "Uninstall")
        assert.strictEqual(yield* Effect.promise(() => page.locator(row(second?.id)).count()), 0)
        yield* press(page, "body", "Install on a new organization")
        assert.strictEqual((yield* control.installations()).length, 3)

        yield* control.requestPermissions({ organization_info: "VIEW", examiner: "VIEW" })
        yield* Effect.promise(() => page.reload())
        yield* press(page, row(first?.id), "Approve")
        assert.property((yield* control.installations())[0]?.permissions, "examiner")

        yield* press(page, "body", "Expire all tokens")
        assert.strictEqual((yield* call("GET", "/projects", token)).status, 403)
        yield* press(page, "#tokens", "Revoke")
        assert.strictEqual((yield* control.tokens).length, 0)
        yield* press(page, "body", "Clock 1 minute ahead")
        yield* press(page, "body", "Clock right")

        yield* press(page, "body", "Rotate key")
        const pem = (yield* Effect.promise(() => page.locator("pre").innerText())).trim()
        assert.strictEqual((yield* call("GET", "/app/installations", jwt)).status, 401)
        const fresh = yield* appJwt({}, Redacted.make(pem))
        assert.strictEqual((yield* call("GET", "/app/installations", fresh)).status, 200)
        yield* Effect.promise(() => page.getByRole("link", { name: "Back" }).click())

        yield* press(page, "body", "Reset")
        assert.strictEqual(yield* control.requestCount(), 0)
        assert.strictEqual((yield* call("GET", "/app/installations", jwt)).status, 200)
        assert.deepStrictEqual(foreign(), [])
        assert.deepStrictEqual(problems, [])
      },
      Effect.scoped,
      server
    )
  )

  it.live.skipIf(skip)(
    "permissions are changed and rejected, keys added and revoked, faults cleared",
    Effect.fnUntraced(
      function* () {
        const { app, control } = yield* Simulator
        const [first] = yield* control.installations()
        const held = Effect.map(control.installations(), ([one]) => one?.permissions)
        const { page, problems } = yield* open("/")
        const row = `[data-installation="${first?.id}"]`
        const choose = (name: string, level: string) =>
          Effect.promise(() => page.locator(row).getByLabel(name).selectOption(level))

        yield* choose("organization_inventory", "WRITE")
        yield* choose("organization_members", "")
        yield* press(page, row, "Change permissions")
        const { organization_members: _, ...others } = first?.permissions ?? {}
        const changed = { ...others, organization_inventory: "WRITE" }
        assert.deepStrictEqual(yield* held, changed)
        const shown = Effect.promise(() => page.locator(row).getByLabel("organization_members").inputValue())
        assert.strictEqual(yield* shown, "")

        yield* control.requestPermissions({ organization_info: "VIEW", examiner: "VIEW" })
        yield* Effect.promise(() => page.reload())
        yield* press(page, row, "Reject")
        assert.deepStrictEqual(yield* held, changed)
        assert.strictEqual(yield* Effect.promise(() => page.getByText("waiting for approval").count()), 2)

        yield* press(page, "body", "Add key")
        const pem = (yield* Effect.promise(() => page.locator("pre").innerText())).trim()
        yield* Effect.promise(() => page.getByRole("link", { name: "Back" }).click())
        const status = (key: Redacted.Redacted<string>) =>
          Effect.flatMap(appJwt({}, key), (jwt) =>
            Effect.map(call("GET", "/app/installations", jwt), (response) => response.status)
          )
        assert.deepStrictEqual([yield* status(app.privateKey), yield* status(Redacted.make(pem))], [200, 200])
        const [oldest] = yield* control.keys()
        const line = page.locator("form", { has: page.locator(`input[value="${oldest}"]`) })
        yield* Effect.promise(() => line.getByRole("button", { name: "Revoke" }).click())
        yield* Effect.promise(() => page.waitForLoadState("networkidle"))
        assert.deepStrictEqual([yield* status(app.privateKey), yield* status(Redacted.make(pem))], [401, 200])

        yield* control.faults.script("*", [{ _tag: "Status", status: 503 }])
        yield* control.faults.probability("*", 1, { _tag: "Status", status: 502 })
        yield* press(page, "body", "Clear faults")
        assert.strictEqual(yield* status(Redacted.make(pem)), 200)
        assert.deepStrictEqual(problems, [])
      },
      Effect.scoped,
      server
    )
  )

  it.live.skipIf(skip)(
    "the API reference renders without asking another host for anything",
    Effect.fnUntraced(
      function* () {
        const { foreign, page, problems } = yield* open("/docs")
        yield* Effect.promise(() => page.getByText("Generate an installation access token").first().waitFor())
        yield* Effect.promise(() => page.getByText("Get all public projects").first().click())
        assert.deepStrictEqual(foreign(), [])
        assert.deepStrictEqual(problems, [])
      },
      Effect.scoped,
      server
    )
  )
})

describe("the page's buttons", () => {
  const press = Effect.fnUntraced(function* (fields: Record<string, string>) {
    const { baseUrl } = yield* Simulator
    const response = yield* Effect.promise(() =>
      fetch(`${baseUrl}/_simulator/page`, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" })
    )
    return { status: response.status, text: yield* Effect.promise(() => response.text()) }
  })

  it.live(
    "want the token that only the page knows",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const [first] = yield* control.installations()
      const target = first?.id ?? ""
      for (const token of ["", "guess"]) {
        assert.strictEqual((yield* press({ token, action: "uninstall", target })).status, 403)
      }
      assert.strictEqual((yield* control.installations()).length, 3)
    }, server)
  )

  it.live(
    "complain of what they cannot do, as text",
    Effect.fnUntraced(function* () {
      const token = Redacted.value((yield* Simulator).controlToken)
      const answer = yield* press({ token, action: "suspend", target: "<script>alert(1)</script>" })
      assert.strictEqual(answer.status, 400)
      assert.include(answer.text, "no installation &lt;script&gt;")
      assert.strictEqual((yield* press({ token, action: "explode", target: "" })).status, 400)
      assert.strictEqual((yield* press({ action: "reset" })).status, 400)
    }, server)
  )
})
