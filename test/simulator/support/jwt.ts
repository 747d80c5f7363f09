import { Simulator } from "@effect-icr/simulator/Simulator"
import { Clock, Effect, Redacted } from "effect"
import jsonwebtoken from "jsonwebtoken"

/** An app JWT made by a library that neither side of the project uses. */
export const appJwt = Effect.fnUntraced(function* (
  claims: Record<string, unknown> = {},
  key?: Redacted.Redacted<string>
) {
  const { app } = yield* Simulator
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  return jsonwebtoken.sign(
    { iat: now - 60, exp: now + 540, iss: app.appId, ...claims },
    Redacted.value(key ?? app.privateKey),
    { algorithm: "RS256" }
  )
})
