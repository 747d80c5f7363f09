import { type Browser, chromium } from "playwright-core"
import { chromiumPath } from "../../support/chromium.ts"

export { withoutChromium } from "../../support/chromium.ts"

/** A real browser for which `name` resolves to this machine, as after DNS rebinding. */
export const launchUnder = (name: string): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath ?? "chromium",
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--host-resolver-rules=MAP ${name} 127.0.0.1`
    ]
  })
