/** Calls that a registry refuses, and what it was sent. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { Effect, Stream } from "effect"
import { HttpBody } from "effect/http"
import { refusal } from "../../support/registry.ts"
import { acme } from "./tokenCache.ts"

/** A call that changes nothing. */
export const get = Effect.flatMap(IcrApp, (app) => app.installationClient(acme).get("/projects"))

/** A call that writes. */
export const post = Effect.flatMap(IcrApp, (app) => app.installationClient(acme).post("/projects"))

/** A call whose body is gone once it is sent. */
export const upload = Effect.flatMap(IcrApp, (app) =>
  app.installationClient(acme).post("/projects", { body: HttpBody.stream(Stream.make(new Uint8Array([1]))) })
)

/** A registry's answer where these tokens are dead. */
export const dead = (...tokens: ReadonlyArray<string>) => {
  const refused = new Set(tokens)
  return (token: string) => (refused.has(token) ? refusal(401, "Access token is invalid") : undefined)
}

/** The tokens that came with the requests. */
export const sent = (registry: { readonly requests: ReadonlyArray<string> }) =>
  registry.requests.map((request) => request.split(" ").at(-1))
