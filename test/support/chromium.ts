/** A real browser for the tests that need one, and a loud word where there is none. */
import { existsSync } from "node:fs"
import { type Browser, chromium } from "playwright-core"

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]

/** The browser to drive, if this machine has one: `CHROMIUM_PATH`, or where systems put it. */
export const chromiumPath: string | undefined = [process.env["CHROMIUM_PATH"] ?? "", ...places].find(existsSync)

/** For `it.skipIf`: whether to skip, having said why. */
export const withoutChromium = (what: string): boolean => {
  if (chromiumPath !== undefined) return false
  process.stderr.write(
    `\nSKIPPED: ${what}: no Chromium at ${places.join(", ")}; install one (apt-get install chromium) or set CHROMIUM_PATH\n\n`
  )
  return true
}

/** Headless, and quiet on the network: nothing but the pages it is led to. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath ?? "chromium",
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync"
    ]
  })
