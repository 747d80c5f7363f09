/** Drives the dashboard in a real browser, as a developer would. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { Effect } from "effect"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import type { BrowserContextOptions, Page } from "playwright-core"
import { launchChromium } from "../../support/chromium.ts"

/** Pictures of the dashboard as the tests saw it. Git ignores the folder. */
export const screenshots = fileURLToPath(new URL("../screenshots", import.meta.url))

const acquire = Effect.acquireRelease(Effect.promise(launchChromium), (browser) =>
  Effect.promise(() => browser.close())
)

/** A page at `path` of the simulator, every foreign address that it asks for, and what it complains of. */
export const open = Effect.fnUntraced(function* (path: string, options: BrowserContextOptions = {}) {
  const { baseUrl } = yield* Simulator
  const browser = yield* acquire
  const page = yield* Effect.promise(() => browser.newPage({ viewport: { width: 1280, height: 800 }, ...options }))
  const asked: Array<string> = []
  const problems: Array<string> = []
  page.on("request", (request) => asked.push(request.url()))
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text())
  })
  page.on("pageerror", (error) => problems.push(error.message))
  yield* Effect.promise(() => page.goto(`${baseUrl}${path}`, { waitUntil: "load" }))
  const foreign = () => asked.filter((url) => !url.startsWith(baseUrl) && !url.startsWith("data:"))
  return { page, foreign, problems }
})

/** Shows a section by its link. */
export const show = (page: Page, section: string) =>
  Effect.promise(() => page.getByRole("navigation").getByRole("link", { name: section }).click())

/** Opens a line of a list, such as an organization. */
export const unfold = (page: Page, selector: string) =>
  Effect.promise(() => page.locator(`${selector} > summary`).click())

/** Waits until an element that the selector finds holds the text. */
export const sees = (page: Page, selector: string, text: string) =>
  Effect.promise(() => page.locator(selector, { hasText: text }).first().waitFor())

/** Waits until no element is found any more. */
export const misses = (page: Page, selector: string) =>
  Effect.promise(() => page.locator(selector).waitFor({ state: "detached" }))

/** Whether a button asks before it does something. */
export type Asks = "asks" | "at once"

/** Presses a button within an element, answers its question with yes, and waits for the simulator's answer. */
export const press = (page: Page, within: string, label: string, asks: Asks = "at once") =>
  Effect.promise(async () => {
    const answered = page.waitForResponse((response) => response.request().method() === "POST")
    await page.locator(within).getByRole("button", { name: label, exact: true }).click()
    if (asks === "asks") await page.locator("#confirm").getByRole("button", { name: label }).click()
    return (await answered).status()
  })

/** Takes a picture of the whole page. */
export const picture = (page: Page, name: string) =>
  Effect.promise(async () => {
    fs.mkdirSync(screenshots, { recursive: true })
    await page.evaluate("scrollTo(0, 0)")
    await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true })
  })

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js")

/** What axe-core finds wrong with what is shown. Evaluated by the driver, since the page runs no foreign script. */
export const violations = (page: Page) =>
  Effect.promise(async (): Promise<ReadonlyArray<string>> => {
    if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(fs.readFileSync(axe, "utf8"))
    return await page.evaluate<ReadonlyArray<string>>(
      `axe.run({ resultTypes: ["violations"] }).then(({ violations }) =>
        violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ": " + html + " " + failureSummary)))`
    )
  })
