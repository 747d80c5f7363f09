/** octokit, as its users would have it, against our registry. */
import { createAppAuth } from "@octokit/auth-app"
import { request } from "@octokit/request"
import { privateKeyPem } from "../../support/keys.ts"
import { nowhere } from "../support/clients.ts"

/** octokit's token cache, over a `fetch` of one's own. */
export const octokitAuth = (appId: string, fetch: typeof globalThis.fetch): ReturnType<typeof createAppAuth> =>
  createAppAuth({
    appId,
    privateKey: privateKeyPem,
    request: request.defaults({ baseUrl: nowhere, request: { fetch } })
  })
