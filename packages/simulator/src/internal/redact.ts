import * as Redacted from "effect/Redacted"
import type * as Headers from "effect/http/Headers"

const secretHeaders = new Set(["authorization", "cookie", "proxy-authorization", "x-api-key"])

/** Anything that looks like an access token, a JWT or a webhook secret. */
const secretText = /cr[su]_[0-9a-f]{16,}|eyJ[\w-]+\.[\w-]+\.[\w-]*|whsec_\w+/gi

/** Where one value of an address, a form or a header ends and the next begins. */
const separators = /([/?&=;,\s]+)/

const longest = 2_000
const hidden = "<redacted>"

/** Percent-encoding undone, up to four times over; an escape of no ASCII character stays as it is. */
const plain = (text: string, depth = 4): string => {
  const once = text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
  return once === text || depth === 1 ? once : plain(once, depth - 1)
}

export interface Redactor {
  /** The text without secrets, wherever and however somebody may have put one, cut to a bounded length. */
  readonly text: (text: string) => string
  readonly headers: (headers: Headers.Headers) => Record<string, string>
}

/** Hides what looks like a secret, and the control token, which may look like anything. */
export const make = (controlToken: Redacted.Redacted<string>): Redactor => {
  const control = Redacted.value(controlToken)
  const clean = (text: string) => text.replaceAll(control, hidden).replace(secretText, hidden)
  const part = (text: string) => {
    const decoded = plain(text)
    const cleaned = clean(decoded)
    return cleaned === decoded ? text : cleaned
  }
  // Whole first: a separator may be part of a control token. Cut last: half a secret looks like none.
  const text = (given: string) => clean(given).split(separators).map(part).join("").slice(0, longest)
  return {
    text,
    headers: (headers) =>
      Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, secretHeaders.has(name) ? hidden : text(value)])
      )
  }
}
