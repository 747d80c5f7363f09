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
  /** `GET /organizations/{id}/inventory` of the organization behind the first one. */
  readonly inventory: string
}

/** Asks a simulator in memory for all pages of its installations, and for one answer of the other kinds. */
export const bodies = (options: SimulatorOptions, limit: number): Promise<Bodies> =>
  Effect.gen(function* () {
    const { app, baseUrl, installationIds } = yield* Simulator
    const client = yield* HttpClient.HttpClient
    const claims = { iss: app.appId, iat: Math.floor(Date.now() / 1000) - 60 }
    const jwt = jsonwebtoken.sign(claims, Redacted.value(app.privateKey), { algorithm: "RS256", expiresIn: 600 })
    const textOf = (method: "get" | "post", path: string, bearer = jwt) => {
      const headers = { authorization: `Bearer ${bearer}`, "x-icr-api-version": "2023-06-16" }
      return client[method](baseUrl + path, { headers }).pipe(Effect.flatMap(({ text }) => text))
    }
    const ids = yield* installationIds
    const [first = ""] = ids
    const count = Math.ceil(ids.length / limit)
    const one = `/app/installations/${first}`
    const installation = yield* textOf("get", one)
    const token = yield* textOf("post", `${one}/accessTokens`)
    const inventory = `/organizations/${JSON.parse(installation).organization.id}/inventory`
    return {
      appId: app.appId,
      installationIds: ids,
      pages: yield* Effect.forEach(Array.from({ length: count }), (_, page) =>
        textOf("get", `/app/installations?limit=${limit}&page=${page}`)
      ),
      installation,
      token,
      inventory: yield* textOf("get", inventory, JSON.parse(token).token)
    }
  }).pipe(Effect.provide(Simulator.layerWith({ privateKey: privateKeyPem, ...options })), Effect.runPromise)
