/**
 * The `state` of an installation: a signed note that the app sends to itself through the browser.
 *
 * `base64url(JSON).base64url(HMAC)`. The note holds when it ends, a random number by which it is used once, the app it is
 * for, a keyed digest of the session, and whatever the program wants back. The person at the browser can read it.
 */
import { utf8Bytes } from "@effect-icr/app/extension"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { HmacKey } from "../../mac/internal/hashing.ts"
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
    /** The `state` that the program gave to `installUrl`. */
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

/** The session as text. Undefined for a blank session, which everyone without one would share. */
export const sessionOf = (session: unknown): string | undefined => {
  const text = Redacted.isRedacted(session) ? Redacted.value(session) : session
  return Predicate.isString(text) && !/^\s*(undefined|null)?\s*$/.test(text) ? text : undefined
}

/** A digest of the session that only a holder of the secret can make. */
export const sessionDigest = (key: HmacKey, session: string): Effect.Effect<string> =>
  Effect.map(key.sign(utf8Bytes(purpose.session + session)), Base64Url.encode)

/** Encodes and signs a note. */
export const sealNote = Effect.fnUntraced(function* (key: HmacKey, note: Note) {
  const text = Base64Url.encode(yield* Effect.orDie(encodeNote(note)))
  return `${text}.${Base64Url.encode(yield* key.sign(utf8Bytes(purpose.state + text)))}`
})

/** How many bytes a text takes inside a note: some characters take three bytes, and those that JSON escapes up to six. */
export const encodedLength = (text: string) => utf8Bytes(JSON.stringify(text)).length - 2

/** The longest `data` of a note, in such bytes. */
export const longestData = 2000

// Room for a note with the longest `data` and app name, which take some 3,300 characters: a longer state is a forgery.
const form = /^([\w-]{1,4096})\.([\w-]{43})$/

/** The note inside a state, and the key that signed it. */
export const openState = Effect.fnUntraced(function* (keys: ReadonlyArray<HmacKey>, state: string) {
  const [, text = "", signature = ""] = form.exec(state) ?? []
  const tag = Base64Url.decode(signature)
  if (text === "" || Result.isFailure(tag)) return yield* new InstallError({ kind: "stateMalformed" })
  const signed = utf8Bytes(purpose.state + text)
  for (const key of keys) {
    if (!(yield* key.verify(signed, tag.success))) continue
    const note = yield* Effect.fromResult(Base64Url.decodeString(text)).pipe(
      Effect.flatMap(decodeNote),
      Effect.mapError(() => new InstallError({ kind: "stateMalformed" }))
    )
    return { note, key }
  }
  return yield* new InstallError({ kind: "stateForged" })
})
