import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { createAppAuth } from "@octokit/auth-app"
import { request } from "@octokit/request"
import { Effect, Layer, Redacted, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { firstInstallation } from "../../simulator/support/calls.ts"

/**
 * A client made by others for another registry of the same build: it signs the JWT and trades it for tokens by itself. What
 * differs between the two is spelled in paths and field names, and that alone is translated here.
 */
const Answer = Schema.Struct({ token: Schema.String, expiresAt: Schema.String, permissions: Schema.Json })

const translating =
  (baseUrl: string, installationId: string): typeof fetch =>
  async (input, init) => {
    const url = String(input).replace(
      /\/app\/installations\/[^/]+\/access_tokens$/,
      `/app/installations/${installationId}/accessTokens`
    )
    assert.isTrue(url.startsWith(baseUrl))
    const response = await fetch(url, init)
    if (!response.ok) return response
    const { expiresAt, permissions, token } = Schema.decodeUnknownSync(Answer)(await response.json())
    return Response.json({ token, expires_at: expiresAt, permissions })
  }

describe("a client that is not ours", () => {
  it.live(
    "@octokit/auth-app signs in, gets a token and uses it",
    Effect.fnUntraced(
      function* () {
        const { app, baseUrl, control } = yield* Simulator
        const installationId = yield* firstInstallation
        const auth = createAppAuth({
          appId: app.appId,
          privateKey: Redacted.value(app.privateKey),
          request: request.defaults({ baseUrl, request: { fetch: translating(baseUrl, installationId) } })
        })
        const { token: jwt } = yield* Effect.promise(() => auth({ type: "app" }))
        const get = (path: string, bearer: string) =>
          Effect.map(
            Effect.promise(() => fetch(`${baseUrl}${path}`, { headers: { authorization: `Bearer ${bearer}` } })),
            ({ status }) => status
          )
        assert.strictEqual(yield* get("/app/installations", jwt), 200)

        const installation = () => Effect.promise(() => auth({ type: "installation", installationId: 1 }))
        const first = yield* installation()
        assert.match(first.token, /^crs_[0-9a-f]{48}$/)
        assert.strictEqual(first.permissions["organization_warehouse"], "WRITE")
        assert.strictEqual((yield* installation()).token, first.token, "its own cache holds the token")
        assert.strictEqual(yield* get("/projects", first.token), 200)
        assert.strictEqual(yield* control.requestCount("POST /app/installations/{installationId}/accessTokens"), 1)
      },
      Effect.provide(Layer.merge(Simulator.layerServer, FetchHttpClient.layer))
    )
  )
})
