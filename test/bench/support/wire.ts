/** What the registry sends, as the simulator in memory gives it: the same bytes for every contender. */
import { Simulator, type SimulatorOptions } from "@effect-icr/simulator/Simulator"
import { Effect, Redacted } from "effect"
import { HttpClient } from "effect/http"
import jsonwebtoken from "jsonwebtoken"
import { privateKeyPem } from "../../support/keys.ts"

/** Bodies of the registry. */
export interface Bodies {
  readonly appId: string
  readonly installationIds: ReadonlyArray<string>
  /** `GET /app/installations?limit={limit}&page={page}`, page by page. */
  readonly pages: ReadonlyArray<string>
  /** `GET /app/installations/{id}` of the first one. */
  readonly installation: string
  /** `POST /app/installations/{id}/accessTokens` for the first one. */
  readonly token: string
}

/** Asks a simulator in memory for all pages of its installations, and for one answer of the other kinds. */
export const bodies = (options: SimulatorOptions, limit: number): Promise<Bodies> =>
  Effect.gen(function* () {
    const { app, baseUrl, installationIds } = yield* Simulator
    const client = yield* HttpClient.HttpClient
    const claims = { iss: app.appId, iat: Math.floor(Date.now() / 1000) - 60 }
    const jwt = jsonwebtoken.sign(claims, Redacted.value(app.privateKey), { algorithm: "RS256", expiresIn: 600 })
    const headers = { authorization: `Bearer ${jwt}`, "x-icr-api-version": "2023-06-16" }
    const textOf = (method: "get" | "post", path: string) =>
      client[method](`${baseUrl}/app/installations${path}`, { headers }).pipe(Effect.flatMap(({ text }) => text))
    const ids = yield* installationIds
    const [first = ""] = ids
    const count = Math.ceil(ids.length / limit)
    return {
      appId: app.appId,
      installationIds: ids,
      pages: yield* Effect.forEach(Array.from({ length: count }), (_, page) =>
        textOf("get", `?limit=${limit}&page=${page}`)
      ),
      installation: yield* textOf("get", `/${first}`),
      token: yield* textOf("post", `/${first}/accessTokens`)
    }
  }).pipe(Effect.provide(Simulator.layer({ privateKey: privateKeyPem, ...options })), Effect.runPromise)
