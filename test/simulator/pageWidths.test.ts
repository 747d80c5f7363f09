/**
 * The dashboard on a wide screen and on a phone, light and dark, by keyboard, and under axe-core. The pictures of every
 * section are left in `test/simulator/screenshots`.
 */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import type { Page } from "playwright-core"
import { withoutChromium } from "../support/chromium.ts"
import { open, picture, press, sees, show, unfold, violations } from "./support/browser.ts"
import { call, exchange } from "./support/calls.ts"
import { ask, first, inventory, reserve, token, warehouse } from "./support/credits.ts"

const skip = withoutChromium("test/simulator/pageWidths.test.ts")

const receiver = (request: Request) =>
  Promise.resolve(new Response(null, { status: request.url.includes("nowhere") ? 500 : 204 }))
const server = Effect.provide(
  Layer.merge(Simulator.layerServerWith({ installations: 3, webhookUrl: receiver }), FetchHttpClient.layer)
)

/** A registry in which every section has something to show. */
const busy = Effect.gen(function* () {
  const { control, installationIds } = yield* Simulator
  yield* control.setBehaviour({ processingDelay: Duration.zero })
  const bearer = yield* token
  const { id } = first(yield* inventory(bearer))
  for (const amount of ["0.25", "12", "0.000000000000000001"]) {
    yield* ask("POST", "/inventory/requests/cancel", bearer, `{"creditId":"${id}","amount":${amount}}`)
  }
  yield* control.credits.accept((yield* control.credits.requests)[1]?.id ?? "")
  yield* reserve(bearer, first(yield* warehouse(bearer)).id, "1.5")
  yield* call("GET", "/nowhere?q=<script>", bearer)
  yield* control.faults.script("GET /projects", [{ _tag: "Status", status: 503 }, "pass", { _tag: "TruncatedJson" }])
  yield* control.faults.probability("*", 0, [{ _tag: "Latency", millis: 20 }, { _tag: "Reset" }])
  yield* call("GET", "/projects?limit=2", bearer)
  const [, second = "", third = ""] = yield* installationIds
  yield* control.suspend(second)
  yield* control.requestPermissions({ organization_info: "VIEW", examiner: "VIEW" })
  yield* exchange(third)
  yield* control.webhooks.settled
})

const sections = ["Overview", "Organizations", "Credits", "Webhooks", "Requests", "Faults", "Tokens", "Clock"]

/** How far the page is wider than the screen. */
const overflow = (page: Page) =>
  Effect.promise(() => page.evaluate<number>("document.documentElement.scrollWidth - innerWidth"))

const looks = [
  { width: 1280, height: 800, colorScheme: "light" },
  { width: 1280, height: 800, colorScheme: "dark" },
  { width: 390, height: 844, colorScheme: "light" },
  { width: 390, height: 844, colorScheme: "dark" }
] as const

describe("in a real browser, the dashboard", () => {
  for (const { colorScheme, height, width } of looks) {
    it.live.skipIf(skip)(
      `at ${width} pixels, ${colorScheme}, fits the screen and has no violation that axe-core finds`,
      Effect.fnUntraced(
        function* () {
          yield* busy
          const { foreign, page, problems } = yield* open("/", {
            viewport: { width, height },
            colorScheme,
            hasTouch: width < 500
          })
          for (const section of sections) {
            yield* show(page, section)
            yield* Effect.promise(() => page.getByRole("heading", { level: 2, name: section }).waitFor())
            const lines = page.locator("section:visible details.entry, #overview:visible #curl")
            if ((yield* Effect.promise(() => lines.count())) > 0) {
              yield* Effect.promise(() => lines.first().locator("summary").click())
            }
            assert.isAtMost(yield* overflow(page), 0, section)
            assert.deepStrictEqual(yield* violations(page), [], section)
            yield* picture(page, `${width}-${colorScheme}-${section.toLowerCase()}`)
          }
          yield* show(page, "Credits")
          yield* Effect.promise(() => page.getByRole("button", { name: "Decline" }).first().click())
          assert.deepStrictEqual(yield* violations(page), [], "question")
          yield* picture(page, `${width}-${colorScheme}-question`)
          yield* Effect.promise(() => page.keyboard.press("Escape"))
          yield* show(page, "Overview")
          yield* press(page, "#overview", "Show with secrets")
          assert.deepStrictEqual(yield* violations(page), [], "shown once")
          assert.deepStrictEqual([foreign(), problems], [[], []])
        },
        Effect.scoped,
        server
      )
    )
  }

  it.live.skipIf(skip)(
    "asks before what destroys: Escape and Cancel leave everything as it was",
    Effect.fnUntraced(
      function* () {
        const { control } = yield* Simulator
        yield* call("GET", "/projects")
        const { page } = yield* open("/")
        const reset = Effect.promise(() => page.getByRole("button", { name: "Reset" }).click())
        const question = page.locator("#confirm")
        yield* reset
        assert.include(yield* Effect.promise(() => question.innerText()), "Reset the simulator?")
        yield* Effect.promise(() => page.keyboard.press("Escape"))
        yield* Effect.promise(() => question.waitFor({ state: "hidden" }))
        yield* reset
        yield* Effect.promise(() => question.getByRole("button", { name: "Cancel" }).click())
        yield* Effect.promise(() => question.waitFor({ state: "hidden" }))
        assert.strictEqual(yield* control.requestCount(), 1)
        yield* press(page, "#overview", "Reset", "asks")
        assert.strictEqual(yield* control.requestCount(), 0)
      },
      Effect.scoped,
      server
    )
  )

  it.live.skipIf(skip)(
    "is used by keyboard alone",
    Effect.fnUntraced(
      function* () {
        const { control, installationIds } = yield* Simulator
        const [id = ""] = yield* installationIds
        const { page } = yield* open("/")
        const focused = Effect.promise(() =>
          page.evaluate<string>("document.activeElement.innerText || document.activeElement.tagName")
        )
        const press = (...keys: ReadonlyArray<string>) =>
          Effect.forEach(keys, (key) => Effect.promise(() => page.keyboard.press(key)))
        /** Goes on with Tab until an element with this text has the focus. */
        const goTo = Effect.fnUntraced(function* (text: string) {
          for (let steps = 0; steps < 60; steps++) {
            yield* press("Tab")
            if ((yield* focused).startsWith(text)) return
          }
          return yield* Effect.die(`Tab never reached ${text}`)
        })
        yield* press("Tab")
        assert.strictEqual(yield* focused, "Skip to the content")
        yield* press("Enter")
        assert.strictEqual(yield* Effect.promise(() => page.evaluate("document.activeElement.id")), "main")
        yield* Effect.promise(() => page.reload())
        yield* goTo("Organizations")
        yield* press("Enter")
        yield* Effect.promise(() => page.locator("#organizations").waitFor())
        yield* goTo("Organization 1")
        yield* press("Enter")
        yield* goTo("Uninstall")
        yield* press("Enter")
        // The question has the focus, and its first answer is no.
        assert.strictEqual(yield* focused, "Cancel")
        yield* goTo("Uninstall")
        yield* press("Enter")
        yield* Effect.promise(() => page.locator(`[data-installation="${id}"]`).waitFor({ state: "detached" }))
        assert.strictEqual((yield* control.installations()).length, 2)
      },
      Effect.scoped,
      server
    )
  )

  it.live.skipIf(skip)(
    "keeps the focus and what is typed while the registry changes, and the chosen theme",
    Effect.fnUntraced(
      function* () {
        const { control, installationIds, organizationIds } = yield* Simulator
        const [installation = ""] = yield* installationIds
        const [organization = ""] = yield* organizationIds
        const { page } = yield* open("/#organizations", { colorScheme: "light" })
        yield* unfold(page, `details[id="organization-${organization}"]`)
        const amount = page.locator(`details[id="organization-${organization}"] [name=amount]`).first()
        yield* Effect.promise(() => amount.fill("7.5"))
        yield* control.suspend(installation)
        yield* sees(page, `[data-installation="${installation}"] .status`, "suspended")
        assert.strictEqual(yield* Effect.promise(() => amount.inputValue()), "7.5")
        assert.isTrue(yield* Effect.promise(() => amount.evaluate((one) => one.matches(":focus"))))

        const background = Effect.promise(() =>
          page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor")
        )
        const light = yield* background
        yield* Effect.promise(() => page.getByRole("button", { name: "Light or dark" }).click())
        assert.notStrictEqual(yield* background, light)
        const dark = yield* background
        yield* Effect.promise(() => page.reload())
        assert.strictEqual(yield* background, dark)
      },
      Effect.scoped,
      server
    )
  )
})
