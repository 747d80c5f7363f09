/** The dashboard follows the registry, and what one can do on it works with a real browser. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { withoutChromium } from "../support/chromium.ts"
import { open, press, sees, show, unfold } from "./support/browser.ts"
import { call, exchange } from "./support/calls.ts"
import { first, reserve, token, warehouse } from "./support/credits.ts"

const skip = withoutChromium("test/simulator/pageLive.test.ts")

/** A receiver in this process, so that deliveries need no port. */
const receiver = () => Promise.resolve(new Response(null, { status: 204 }))
const server = Effect.provide(
  Layer.merge(Simulator.layerServerWith({ installations: 3, webhookUrl: receiver }), FetchHttpClient.layer)
)

describe("in a real browser, the dashboard", () => {
  it.live.skipIf(skip)(
    "shows requests as they arrive, with status, duration and bodies, and leaves open what is open",
    Effect.fnUntraced(
      function* () {
        const { page, problems } = yield* open("/#requests")
        yield* sees(page, "#requests", "No request yet.")
        const bearer = yield* token
        yield* sees(page, "#request-1", "/accessTokens")
        yield* unfold(page, "#request-1")
        yield* reserve(bearer, first(yield* warehouse(bearer)).id, "1.5")
        yield* sees(page, "#request-3 .states", "201")
        yield* sees(page, "#request-3 .duration", "ms")
        yield* sees(page, "#request-3 summary", "Organization 1")
        assert.isTrue(yield* Effect.promise(() => page.locator("#request-1").evaluate((one) => one.matches("[open]"))))
        yield* unfold(page, "#request-3")
        const [request = "", answer = ""] = yield* Effect.promise(() =>
          page.locator("#request-3 .bodies pre").allInnerTexts()
        )
        assert.include(request, `"amount": 1.5`)
        assert.include(answer, `"reservedToDate"`)
        const source = yield* Effect.promise(() => page.content())
        assert.notInclude(source, bearer)
        assert.deepStrictEqual(problems, [])
      },
      Effect.scoped,
      server
    )
  )

  it.live.skipIf(skip)(
    "counts reservations down by the registry's clock, which it sets and moves",
    Effect.fnUntraced(
      function* () {
        const { control } = yield* Simulator
        const bearer = yield* token
        const { page } = yield* open("/#clock")
        yield* reserve(bearer, first(yield* warehouse(bearer)).id, "1.5")
        yield* press(page, "#clock", "1 minute ahead")
        yield* sees(page, "#skew", "1 minute ahead")
        yield* press(page, "#clock", "+ 2 hours")
        yield* sees(page, "#face", "2 hours 1 minute ahead")
        yield* Effect.promise(() => page.getByLabel("Amount", { exact: true }).fill("9"))
        yield* Effect.promise(() => page.getByLabel("Direction").selectOption("behind"))
        yield* press(page, "#clock", "Set")
        yield* sees(page, "#skew", "9 minutes behind")
        yield* press(page, "#clock", "Set right")
        yield* sees(page, "#skew", "right")

        yield* show(page, "Credits")
        const left = Effect.promise(() => page.locator("#credits .countdown").innerText())
        assert.match(yield* left, /^0:(10:00|09:5\d)$/)
        yield* control.skewClock("9 minutes")
        yield* sees(page, "#credits .countdown", "0:00:")
        yield* control.skewClock("10 minutes")
        yield* sees(page, "#credits table[aria-label=Reservations]", "expired")
      },
      Effect.scoped,
      server
    )
  )

  it.live.skipIf(skip)(
    "shows deliveries with their bodies and sends them again, genuine or not",
    Effect.fnUntraced(
      function* () {
        const { control, installationIds } = yield* Simulator
        const [id = ""] = yield* installationIds
        const { page, problems } = yield* open("/#webhooks")
        yield* control.suspend(id)
        yield* sees(page, "#delivery-1", "204")
        yield* unfold(page, "#delivery-1")
        yield* sees(page, "#delivery-1 pre", `"event": "suspended"`)
        yield* press(page, "#delivery-1", "Redeliver")
        yield* sees(page, "#delivery-2", "repeats 1")
        yield* Effect.promise(() => page.locator("#delivery-1").getByLabel("Send again").selectOption("none"))
        yield* press(page, "#delivery-1", "Redeliver")
        yield* sees(page, "#delivery-3", "repeats 1")
        const [once, again, unsigned] = yield* control.webhooks.deliveries
        assert.strictEqual(again?.signature, once?.signature)
        assert.isNull(unsigned?.signature)
        yield* Effect.promise(() => page.locator("#webhooks [name=event]").selectOption("warehouseTransaction"))
        yield* press(page, "#webhooks", "Send")
        yield* sees(page, "#delivery-4", "warehouseTransaction")

        const url = page.getByLabel("Deliver to")
        yield* Effect.promise(() => url.fill("http://127.0.0.1:1/webhook"))
        yield* press(page, "#webhooks", "Save")
        yield* press(page, "#delivery-1", "Redeliver")
        yield* sees(page, "#delivery-5", "failed")
        assert.deepStrictEqual(problems, [])
      },
      Effect.scoped,
      server
    )
  )

  it.live.skipIf(skip)(
    "plans faults with the fields of their kind, and clears them",
    Effect.fnUntraced(
      function* () {
        const { control } = yield* Simulator
        const bearer = yield* exchange()
        const { page, problems } = yield* open("/#faults")
        const field = (name: string) => page.locator(`#faults [name=${name}]`)
        yield* Effect.promise(() => field("route").selectOption("GET /projects"))
        yield* Effect.promise(() => field("status").fill("429"))
        yield* Effect.promise(() => field("retryAfter").fill("2"))
        yield* Effect.promise(() => field("count").fill("3"))
        yield* press(page, "#faults", "Plan for the next requests")
        yield* sees(page, "#faults tbody", "the next 3 requests")
        const refused = yield* call("GET", "/projects", bearer)
        assert.deepStrictEqual([refused.status, refused.headers["retry-after"]], [429, "2"])
        yield* sees(page, "#faults tbody", "the next 2 requests")

        yield* Effect.promise(() => field("kind").selectOption("Latency"))
        yield* Effect.promise(() => field("millis").fill("20"))
        yield* Effect.promise(() => field("percent").fill("50"))
        yield* press(page, "#faults", "Plan by chance")
        yield* sees(page, "#faults tbody", "50 % of requests")
        assert.deepStrictEqual((yield* control.faults.planned).probabilities, [
          { route: "GET /projects", probability: 0.5, faults: [{ _tag: "Latency", millis: 20 }] }
        ])
        assert.deepStrictEqual(problems, [])

        yield* Effect.promise(() => field("millis").fill("-1"))
        assert.strictEqual(yield* press(page, "#faults", "Plan by chance"), 400)
        yield* sees(page, "#notices .bad", "fault: Expected")
        yield* press(page, "#faults", "Clear faults", "asks")
        yield* sees(page, "#faults", "No fault is planned")
        assert.strictEqual(yield* control.faults.pending, 0)
      },
      Effect.scoped,
      server
    )
  )

  it.live.skipIf(skip)(
    "copies the environment, with secrets only when asked, and curl commands",
    Effect.fnUntraced(
      function* () {
        const { app, baseUrl } = yield* Simulator
        const secret = Redacted.value(app.webhookSecret)
        const { page } = yield* open("/", { permissions: ["clipboard-read", "clipboard-write"] })
        const copied = Effect.fnUntraced(function* (label: string) {
          yield* Effect.promise(() => page.getByRole("button", { name: label, exact: true }).click())
          yield* sees(page, "#notices", "Copied.")
          return yield* Effect.promise(() => page.evaluate<string>("navigator.clipboard.readText()"))
        })
        const plain = yield* copied("Copy environment variables")
        assert.include(plain, `export ICR_BASE_URL='${baseUrl}'\nexport ICR_APP_ID='${app.appId}'`)
        assert.notInclude(plain, secret)
        yield* unfold(page, "#curl")
        const commands = yield* copied("Copy curl commands")
        assert.include(commands, `"$ICR_BASE_URL/app/installations?limit=10&page=0"`)
        yield* press(page, "#overview", "Show with secrets")
        const whole = yield* copied("Copy environment variables with secrets")
        assert.include(whole, `export ICR_WEBHOOK_SECRET='${secret}'`)
        assert.include(whole, `export ICR_PRIVATE_KEY='${Redacted.value(app.privateKey).trim()}'`)
      },
      Effect.scoped,
      server
    )
  )

  it.live.skipIf(skip)(
    "sets what an organization holds, and says so when the simulator is gone",
    Effect.fnUntraced(
      function* () {
        const { control, organizationIds } = yield* Simulator
        const [id = ""] = yield* organizationIds
        const { page } = yield* open("/#organizations")
        yield* unfold(page, `details[id="organization-${id}"]`)
        const before = yield* control.credits.books
        const row = `#organizations table[aria-label="Warehouse of Organization 1"] tbody tr >> nth=0`
        yield* Effect.promise(() => page.locator(row).getByRole("textbox").fill("123456.5"))
        yield* press(page, row, "Set")
        assert.notStrictEqual((yield* control.credits.books).total, before.total)
        yield* Effect.promise(() => page.route("**/live?**", (route) => route.abort()))
        yield* sees(page, "#connection", "not reachable")
        yield* Effect.promise(() => page.unroute("**/live?**"))
        yield* sees(page, "#connection", "running")
      },
      Effect.scoped,
      server
    )
  )
})
