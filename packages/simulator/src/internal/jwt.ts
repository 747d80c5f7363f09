/** Verifies the JWTs that apps sign. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { verify as verifySignature } from "node:crypto"
import type { Behaviour } from "../Behaviour.ts"
import type { AppRecord } from "./Tables.ts"

/** Reason why a JWT is refused. It can be shown, since it contains nothing of the token. */
export class Refused extends Schema.TaggedError<Refused>("@effect-icr/simulator/internal/jwt/Refused")("Refused", {
  message: Schema.String
}) {}

const refuse = (message: string) => Effect.fail(new Refused({ message }))

const Header = Schema.fromJsonString(
  Schema.Struct({
    alg: Schema.String,
    typ: Schema.optionalKey(Schema.String),
    crit: Schema.optionalKey(Schema.Unknown)
  })
)
const Claims = Schema.fromJsonString(
  Schema.Struct({
    iss: Schema.String,
    iat: Schema.Finite,
    exp: Schema.Finite,
    nbf: Schema.optionalKey(Schema.Finite),
    alg: Schema.optionalKey(Schema.Unknown)
  })
)
const decodeHeader = Schema.decodeUnknownEffect(Header)
const decodeClaims = Schema.decodeUnknownEffect(Claims)

/** Decodes a base64url segment. Only the canonical encoding is accepted, so that each token has one spelling. */
const segment = (text: string) =>
  Result.match(Base64Url.decode(text), {
    onFailure: () => refuse("JWT is malformed"),
    onSuccess: (bytes) => (Base64Url.encode(bytes) === text ? Effect.succeed(bytes) : refuse("JWT is malformed"))
  })

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/**
 * Returns the app that signed a JWT, by the rules of "Generate a JWT": RS256, `iss` names the app, `exp` at most 10
 * minutes ahead of the registry's clock. All registered keys are tried, since no `kid` is documented.
 *
 * Verification is synchronous (`node:crypto`), so that a request in memory never leaves its fiber and a test's virtual
 * clock cannot overtake it.
 */
export const verify = Effect.fnUntraced(function* (
  jwt: string,
  apps: ReadonlyMap<string, AppRecord>,
  behaviour: Behaviour,
  nowMillis: number
) {
  const [head, payload, signature, ...rest] = jwt.split(".")
  if (head === undefined || payload === undefined || signature === undefined || rest.length > 0) {
    return yield* refuse("JWT is malformed")
  }
  const header = yield* decodeHeader(text(yield* segment(head))).pipe(
    Effect.catchTag("SchemaError", () => refuse("JWT header is malformed"))
  )
  if (header.alg !== "RS256") return yield* refuse("JWT must be signed with RS256")
  if (header.crit !== undefined) return yield* refuse("JWT header carries an unknown critical parameter")
  const claims = yield* decodeClaims(text(yield* segment(payload))).pipe(
    Effect.catchTag("SchemaError", (error) => refuse(`JWT claims are malformed: ${error.message.split("\n")[0]}`))
  )
  const bytes = yield* segment(signature)
  const app = apps.get(claims.iss)
  if (app === undefined) return yield* refuse("JWT issuer is no registered app")
  const signed = Buffer.from(`${head}.${payload}`)
  let genuine = false
  for (const key of app.keys.values()) genuine ||= verifySignature("RSA-SHA256", signed, key, bytes)
  if (!genuine) return yield* refuse("JWT signature matches none of the app's public keys")

  const now = nowMillis / 1000
  const tolerance = Duration.toSeconds(behaviour.jwtClockTolerance)
  const longest = Duration.toSeconds(behaviour.jwtMaxLife)
  if (claims.exp <= now - tolerance) return yield* refuse("JWT has expired")
  if (claims.iat > now + tolerance) return yield* refuse("JWT was issued in the future")
  if (claims.nbf !== undefined && claims.nbf > now + tolerance) return yield* refuse("JWT is not valid yet")
  if (claims.exp > now + longest + tolerance) {
    return yield* refuse(`JWT expires more than ${longest} seconds from now`)
  }
  if (behaviour.jwtSpanFrom === "iat" && claims.exp - claims.iat > longest) {
    return yield* refuse(`JWT is valid for more than ${longest} seconds`)
  }
  if (behaviour.jwtAlgClaim === "checked" && claims.alg !== undefined && claims.alg !== "RS256") {
    return yield* refuse("JWT claim alg must be RS256")
  }
  return app
})
