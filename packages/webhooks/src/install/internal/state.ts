/**
 * The `state` of an installation: a signed note that the app sends to itself through the browser.
 *
 * `base64url(JSON).base64url(HMAC)`. The note holds when it ends, a random number by which it is used once, the app it is
 * for, a keyed digest of the session, and whatever the program wants back. The person at the browser can read it.
 */
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { HmacKey } from "../../mac/internal/hmacKey.ts"
import { InstallError } from "../InstallError.ts"

const Note = Schema.fromJsonString(
  Schema.Struct({
    v: Schema.Literal(1),
    /** When it was made and when it ends, in milliseconds since the epoch by this machine's clock. */
    iat: Schema.Int,
    exp: Schema.Int,
    /** Random; claimed once. */
    jti: Schema.String.check(Schema.isPattern(/^[\w-]{22}$/)),
    app: Schema.String,
    /** Keyed digest of the session: the session itself must not travel. */
    ses: Schema.String,
    /** The program's own. */
    data: Schema.optionalKey(Schema.String)
  })
)

/** The decoded note. */
export type Note = typeof Note.Type

const encodeNote = Schema.encodeEffect(Note)
const decodeNote = Schema.decodeUnknownEffect(Note)

/** 128 random bits. */
export const randomId = Effect.sync(() => Base64Url.encode(crypto.getRandomValues(new Uint8Array(16))))

// What is signed begins with its purpose, so that the digest of a session never serves as the signature of a state.
const purpose = { state: "icr-install-state:", session: "icr-install-session:" }

/** A digest of the session that only a holder of the secret can make. */
export const sessionDigest = (key: HmacKey, session: string): Effect.Effect<string> =>
  Effect.map(key.sign(purpose.session + session), Base64Url.encode)

/** Encodes and signs a note. */
export const sealNote = Effect.fnUntraced(function* (key: HmacKey, note: Note) {
  const text = Base64Url.encode(yield* Effect.orDie(encodeNote(note)))
  return `${text}.${Base64Url.encode(yield* key.sign(purpose.state + text))}`
})

const form = /^([\w-]{1,8192})\.([\w-]{43})$/

/** The note inside a state, and the key that signed it. */
export const openState = Effect.fnUntraced(function* (keys: ReadonlyArray<HmacKey>, state: string) {
  const [, text = "", signature = ""] = form.exec(state) ?? []
  const tag = Base64Url.decode(signature)
  if (text === "" || Result.isFailure(tag)) return yield* new InstallError({ kind: "stateMalformed" })
  for (const key of keys) {
    if (!(yield* key.verify(purpose.state + text, tag.success))) continue
    const note = yield* Effect.fromResult(Base64Url.decodeString(text)).pipe(
      Effect.flatMap(decodeNote),
      Effect.mapError(() => new InstallError({ kind: "stateMalformed" }))
    )
    return { note, key }
  }
  return yield* new InstallError({ kind: "stateForged" })
})
