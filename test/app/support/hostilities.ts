/** What a registry answers that repeats the credentials it was sent wherever it can. */
import { Effect } from "effect"
import { HttpClientError, type HttpClientRequest } from "effect/http"
import { Buffer } from "node:buffer"
import { installation, installationAccessToken } from "../../support/documents.ts"

/** Answers a request in a way that repeats its credential; `undefined` lets the simulator answer. */
export type Hostility = (
  authorization: string,
  request: HttpClientRequest.HttpClientRequest
) => Effect.Effect<Response, HttpClientError.HttpClientError> | undefined

const json = (status: number, body: unknown, headers = {}) =>
  Effect.sync(() => Response.json(body, { status, headers }))
/** A credential without its scheme. */
export const bare = (authorization: string) => authorization.replace(/^Bearer /, "")
const base64 = (text: string, before: number) => Buffer.from(" ".repeat(before) + text).toString("base64")

const echoes: Readonly<Record<string, (authorization: string) => unknown>> = {
  "a text": (authorization) => ({ message: `Could not use ${authorization}` }),
  "the bare value": (authorization) => ({ message: bare(authorization) }),
  "a list": (authorization) => ({ message: ["no", authorization, `x${bare(authorization)}y`], error: authorization }),
  "a permission": (authorization) => ({ message: `needs organization_${bare(authorization)}:${bare(authorization)}` }),
  "words on the token": (authorization) => ({ message: `The access token ${bare(authorization)} is invalid` }),
  "words on a suspension": (authorization) => ({ message: `suspended: ${authorization}` }),
  base64: (authorization) => ({ message: [0, 1, 2].map((before) => base64(authorization, before)) }),
  "base64 of the bare value": (authorization) => ({
    message: [0, 1, 2].map((before) => `got "${base64(bare(authorization), before)}"`)
  }),
  "escaped letters": (authorization) => ({
    message: authorization.replaceAll("_", "\u005f").replaceAll(".", "\u002e")
  }),
  "in pieces": (authorization) => ({ message: authorization.match(/.{1,30}/g) })
}

const echoed =
  (status: number, echo: (authorization: string) => unknown): Hostility =>
  (authorization) =>
    json(status, echo(authorization), { "x-echo": authorization, location: authorization })

/** Every way in which a registry is hostile here, by name; the first is none. */
export const hostilities: Readonly<Record<string, Hostility>> = {
  "nothing is wrong": () => undefined,
  ...Object.fromEntries(
    Object.entries(echoes).flatMap(([name, echo]) =>
      [400, 403].map((status) => [`${status} with ${name}`, echoed(status, echo)] as const)
    )
  ),
  ...Object.fromEntries(
    [401, 404, 409, 418, 429, 500].map((status) => [
      String(status),
      echoed(status, (authorization) => ({ message: `Could not use ${authorization}` }))
    ])
  ),
  "an HTML page": (authorization) => Effect.sync(() => new Response(`<p>${authorization}</p>`, { status: 502 })),
  "a status line": (authorization) =>
    Effect.sync(() => new Response(null, { status: 500, statusText: bare(authorization) })),
  "a redirect": (authorization) =>
    Effect.sync(
      () => new Response(null, { status: 302, headers: { location: `https://x.example/?t=${authorization}` } })
    ),
  "a Retry-After": (authorization) => json(503, {}, { "retry-after": bare(authorization), date: authorization }),
  "half a JSON": (authorization) => Effect.sync(() => new Response(`{"token":"${authorization}`)),
  "a JSON text": (authorization) => json(200, authorization),
  "a wrong shape with the token as values": (authorization) =>
    json(200, { id: [authorization], token: 5, permissions: authorization, installations: bare(authorization) }),
  "a right shape but for keys, which are the token": (authorization) => {
    const permissions = { [bare(authorization)]: { [authorization]: 1 } }
    return json(200, {
      ...installation,
      ...installationAccessToken,
      expiresAt: "2100-01-01T00:00:00Z",
      permissions,
      installations: [{ ...installation, permissions }],
      pagination: { total: 1, currentPage: 1, pageCount: 1 },
      projects: [{ id: { [bare(authorization)]: 1 } }]
    })
  },
  "an unreadable date": (authorization) =>
    json(200, { id: "1", token: bare(authorization), createdAt: authorization, expiresAt: authorization }),
  "a lost connection, its cause full of secrets": (authorization, request) =>
    Effect.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.TransportError({
          request,
          description: authorization,
          cause: Object.assign(new Error(`could not send ${authorization}`), {
            code: bare(authorization),
            authorization
          })
        })
      })
    ),
  "a body that breaks off, likewise": (authorization) =>
    Effect.sync(
      () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error(authorization)) }))
    ),
  "a body that cannot be sent, likewise": (authorization, request) =>
    Effect.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.EncodeError({
          request,
          description: authorization,
          cause: new Error(authorization)
        })
      })
    ),
  silence: () => Effect.never,
  "a defect": (authorization) => Effect.die(new Error(`bug in the transport, ${authorization.length} long`))
}
