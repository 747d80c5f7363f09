/**
 * The `state` of an installation: a signed note to ourselves that travels through the browser.
 *
 * `base64url(JSON).base64url(HMAC)`. The note holds when it ends, a random number by which it is used once, the app it is
 * for, a keyed digest of the session, and whatever the program wants back. It is readable by the person at the browser.
 */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type IcrError, fail } from "../IcrError.ts"
import { type InstallRefusalKind, InstallRefused } from "../Refusals.ts"
import type { Key } from "../WebhookMac.ts"

export const refusal = (kind: InstallRefusalKind): IcrError => fail(new InstallRefused({ kind }))

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
export type Note = typeof Note.Type

const encodeNote = Schema.encodeEffect(Note)
const decodeNote = Schema.decodeUnknownEffect(Note)

/** 128 random bits. */
export const randomId = Effect.sync(() => Base64Url.encode(crypto.getRandomValues(new Uint8Array(16))))

const purpose = { state: "icr-install-state:", session: "icr-install-session:" }

/** A digest of the session that only a holder of the secret can make. */
export const sessionDigest = (key: Key, session: string): Effect.Effect<string> =>
  Effect.map(key.sign(purpose.session + session), Base64Url.encode)

export const seal = Effect.fnUntraced(function* (key: Key, note: Note) {
  const text = Base64Url.encode(yield* Effect.orDie(encodeNote(note)))
  return `${text}.${Base64Url.encode(yield* key.sign(purpose.state + text))}`
})

const form = /^([\w-]{1,8192})\.([\w-]{43})$/

/** The note inside a state, and the key that signed it. */
export const open = Effect.fnUntraced(function* (keys: ReadonlyArray<Key>, state: string) {
  const [, text = "", signature = ""] = form.exec(state) ?? []
  if (text === "") return yield* refusal("stateMalformed")
  const bytes = Base64Url.decode(signature)
  if (Result.isFailure(bytes)) return yield* refusal("stateMalformed")
  const digest = new Uint8Array(bytes.success)
  for (const key of keys) {
    if (!(yield* key.verify(purpose.state + text, digest))) continue
    const note = yield* Effect.fromResult(Base64Url.decodeString(text)).pipe(
      Effect.flatMap(decodeNote),
      Effect.mapError(() => refusal("stateMalformed"))
    )
    return { note, key }
  }
  return yield* refusal("stateForged")
})
