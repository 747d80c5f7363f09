/** Removes secrets from what the request log keeps. */
import * as Redacted from "effect/Redacted"
import type * as Headers from "effect/http/Headers"

const secretHeaders = new Set(["authorization", "cookie", "proxy-authorization", "x-api-key"])

/** Matches texts in the form of an access token, a JWT or a webhook secret. */
const secretText = /cr[su]_[0-9a-f]{16,}|eyJ[\w-]+\.[\w-]+\.[\w-]*|whsec_\w+/gi

/** Separates the values of a URL, a form or a header. */
const separators = /([/?&=;,\s]+)/

const longest = 2_000
const longestBody = 4_000
const hidden = "<redacted>"

/** Undoes percent-encoding of ASCII characters, up to four levels deep. */
const plain = (text: string, depth = 4): string => {
  const once = text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
  return once === text || depth === 1 ? once : plain(once, depth - 1)
}

export interface Redactor {
  /** The text without secrets, encoded ones included, cut to a bounded length. */
  readonly text: (text: string) => string
  /** The text of a body without secrets, cut to a larger length. */
  readonly body: (text: string) => string
  readonly headers: (headers: Headers.Headers) => Record<string, string>
}

/** Creates a redactor for secrets of known form and for the control token, which has any form. */
export const make = (controlToken: Redacted.Redacted<string>): Redactor => {
  const control = Redacted.value(controlToken)
  const clean = (text: string) => text.replaceAll(control, hidden).replace(secretText, hidden)
  const part = (text: string) => {
    const decoded = plain(text)
    const cleaned = clean(decoded)
    return cleaned === decoded ? text : cleaned
  }
  // The whole text is cleaned first, because the control token may contain a separator. It is cut last, because half a
  // secret has no known form.
  const parts = (cleaned: string) => cleaned.split(separators).map(part).join("")
  const text = (given: string) => parts(clean(given)).slice(0, longest)
  // Bodies are long, so they are cut before their parts are decoded. The last word may be half of one and is dropped.
  const body = (given: string) => {
    const cleaned = clean(given)
    if (cleaned.length <= longestBody) return parts(cleaned)
    return `${parts(cleaned.slice(0, longestBody).replace(/[^\s"/?&=;,]*$/, ""))}…`
  }
  return {
    text,
    body,
    headers: (headers) =>
      Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, secretHeaders.has(name) ? hidden : text(value)])
      )
  }
}
