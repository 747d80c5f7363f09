import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { withoutChromium } from "../support/chromium.ts"
import { misses, open, press, sees, show, unfold } from "./support/browser.ts"
import { call, callAsApp, exchange } from "./support/calls.ts"
import { ask, first, inventory, token } from "./support/credits.ts"
import { appJwt } from "./support/jwt.ts"

const skip = withoutChromium("test/simulator/page.test.ts")
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
        const row = (id: string | undefined) => `tr[id="request-${id}"]`
        const { page } = yield* open("/#credits")
        yield* press(page, row(newest?.id), "Accept")
        yield* sees(page, row(newest?.id), "processed")
        yield* press(page, row(oldest?.id), "Decline", "asks")
        yield* sees(page, row(oldest?.id), "rejected")
        assert.deepStrictEqual(
          (yield* control.credits.requests).map(({ amount, state }) => [amount, state]),
          [
            ["0.75", "processed"],
            ["0.25", "rejected"]
          ]
        )
        const text = yield* Effect.promise(() => page.locator(row(newest?.id)).innerText())
        for (const part of ["Organization 1", "0.75 t"]) assert.include(text, part)
        assert.strictEqual(yield* Effect.promise(() => page.locator("#credits tbody").getByRole("button").count()), 0)
      },
      Effect.scoped,
      server
    )
  )

  it.live.skipIf(skip)(
    "the page shows the world without a secret, and its buttons change it",
    Effect.fnUntraced(
      function* () {
        const { app, control } = yield* Simulator
        const [first, second] = yield* control.installations()
        const token = yield* exchange(first?.id)
        const jwt = yield* appJwt()
        yield* call("GET", `/projects?access_token=${token}`, token)
        const { foreign, page, problems } = yield* open("/")
        const organization = (id: string | undefined) => `details[id="organization-${id}"]`
        const installation = (id: string | undefined) => `[data-installation="${id}"]`

        yield* sees(page, "#overview", app.appId)
        const source = yield* Effect.promise(() => page.content())
        assert.include(source, `crs_…${token.slice(-4)}`)
        const key = Redacted.value(app.privateKey)
        for (const secret of [token, jwt, key, Redacted.value(app.webhookSecret)]) assert.notInclude(source, secret)

        yield* show(page, "Organizations")
        yield* unfold(page, organization(first?.organizationId))
        yield* press(page, installation(first?.id), "Suspend")
        yield* sees(page, `${installation(first?.id)} .status`, "suspended")
        assert.strictEqual((yield* callAsApp("POST", `/app/installations/${first?.id}/accessTokens`)).status, 403)
        yield* press(page, installation(first?.id), "Unsuspend")
        yield* sees(page, `${installation(first?.id)} .status`, "active")
        yield* unfold(page, organization(second?.organizationId))
        yield* press(page, installation(second?.id), "Uninstall", "asks")
        yield* misses(page, installation(second?.id))
        yield* press(page, organization(second?.organizationId), "Install app1")
        yield* Effect.promise(() => page.getByLabel("Name", { exact: true }).fill("Northern Lights <hf>"))
        yield* press(page, "#organizations > article", "Install")
        yield* sees(page, "#organizations summary", "Northern Lights <hf>")
        assert.strictEqual((yield* control.installations()).length, 4)

        yield* show(page, "Tokens")
        yield* press(page, "#tokens", "Expire all tokens", "asks")
        assert.strictEqual((yield* call("GET", "/projects", token)).status, 403)
        yield* sees(page, "#tokens tbody", "expired")
        yield* press(page, "#tokens tbody", "Revoke", "asks")
        yield* sees(page, "#tokens", "No token was issued yet.")
        assert.strictEqual((yield* control.tokens).length, 0)

        yield* show(page, "Overview")
        yield* press(page, "#overview", "Rotate key", "asks")
        const pem = yield* Effect.promise(() => page.locator("#revealed pre").innerText())
        yield* Effect.promise(() => page.getByRole("button", { name: "Close" }).click())
        assert.notInclude(yield* Effect.promise(() => page.content()), pem.slice(40, 80))
        assert.strictEqual((yield* call("GET", "/app/installations", jwt)).status, 401)
        const fresh = yield* appJwt({}, Redacted.make(pem))
        assert.strictEqual((yield* call("GET", "/app/installations", fresh)).status, 200)

        yield* press(page, "#overview", "Reset", "asks")
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
    "permissions are changed, approved and rejected, keys added and revoked",
    Effect.fnUntraced(
      function* () {
        const { app, control } = yield* Simulator
        const [first, second] = yield* control.installations()
        const held = Effect.map(control.installations(), ([one]) => one?.permissions)
        const { page, problems } = yield* open("/#organizations")
        const row = `[data-installation="${first?.id}"]`
        yield* unfold(page, `details[id="organization-${first?.organizationId}"]`)
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
        yield* sees(page, row, "Waiting for approval")
        yield* press(page, row, "Reject")
        yield* misses(page, `${row} .asking`)
        assert.deepStrictEqual(yield* held, changed)
        yield* unfold(page, `details[id="organization-${second?.organizationId}"]`)
        yield* press(page, `[data-installation="${second?.id}"]`, "Approve")
        assert.property((yield* control.installations())[1]?.permissions, "examiner")

        yield* show(page, "Overview")
        yield* press(page, "#overview", "Add key")
        const pem = yield* Effect.promise(() => page.locator("#revealed pre").innerText())
        yield* Effect.promise(() => page.getByRole("button", { name: "Close" }).click())
        const status = (key: Redacted.Redacted<string>) =>
          Effect.flatMap(appJwt({}, key), (jwt) =>
            Effect.map(call("GET", "/app/installations", jwt), (response) => response.status)
          )
        assert.deepStrictEqual([yield* status(app.privateKey), yield* status(Redacted.make(pem))], [200, 200])
        const [oldest] = yield* control.keys()
        yield* press(page, `tr[id="key-${oldest}"]`, "Revoke", "asks")
        assert.deepStrictEqual([yield* status(app.privateKey), yield* status(Redacted.make(pem))], [401, 200])
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
