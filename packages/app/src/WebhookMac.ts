/**
 * HMAC-SHA-256, as the registry signs its deliveries (`Validating webhook deliveries`).
 *
 * WebCrypto by default: it is everywhere, compares in constant time, and costs some 40 µs a call because it is
 * asynchronous. A program that takes thousands of deliveries a second on Node gives `layerHmac` the runtime's own:
 *
 * ```ts
 * import * as WebhookMac from "@effect-icr/app/WebhookMac"
 * import { createHmac } from "node:crypto"
 *
 * export const MacLive = WebhookMac.layerHmac((secret, text) => createHmac("sha256", secret).update(text).digest())
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

/** One secret, ready for use. */
export interface Key {
  /** Whether `digest` belongs to the text, in a time that does not tell where they differ. */
  readonly verify: (text: string, digest: Uint8Array<ArrayBuffer>) => Effect.Effect<boolean>
  readonly sign: (text: string) => Effect.Effect<Uint8Array>
}

/** A way to compute HMAC-SHA-256. */
export interface Mac {
  /** Prepares a secret; done once for each when a layer is built. */
  readonly key: (secret: Redacted.Redacted) => Effect.Effect<Key>
}

const utf8 = new TextEncoder()

const algorithm = { name: "HMAC", hash: "SHA-256" }

/** Through `crypto.subtle`. */
export const webCrypto: Mac = {
  key: (secret) =>
    Effect.map(
      Effect.promise(() =>
        crypto.subtle.importKey("raw", utf8.encode(Redacted.value(secret)), algorithm, false, ["sign", "verify"])
      ),
      (key) => ({
        verify: (text, digest) => Effect.promise(() => crypto.subtle.verify("HMAC", key, digest, utf8.encode(text))),
        sign: (text) =>
          Effect.map(
            Effect.promise(() => crypto.subtle.sign("HMAC", key, utf8.encode(text))),
            (buffer) => new Uint8Array(buffer)
          )
      })
    )
}

/** Every byte is looked at, whatever the earlier ones said. */
const equal = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

/** The one in use. */
export const CurrentMac = Context.Reference<Mac>("@effect-icr/app/WebhookMac", { defaultValue: () => webCrypto })

/** A synchronous implementation given by the program; `secret` and `text` are to be taken as UTF-8. */
export const layerHmac = (hmac: (secret: string, text: string) => Uint8Array): Layer.Layer<never> =>
  Layer.succeed(CurrentMac, {
    key: (secret) =>
      Effect.succeed({
        verify: (text, digest) => Effect.sync(() => equal(hmac(Redacted.value(secret), text), digest)),
        sign: (text) => Effect.sync(() => hmac(Redacted.value(secret), text))
      })
  })
