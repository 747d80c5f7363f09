/**
 * The install flow of a product with a web page: a button that leads to the registry, and the callback it sends people
 * back to.
 *
 * ICR_APP_ID, ICR_PRIVATE_KEY and ICR_ENVIRONMENT or ICR_BASE_URL say who the app is, ICR_APP_NAME_ID its name in links,
 * ICR_STATE_SECRET what install states are signed with; PORT where to listen (default 4041). The callback URL
 * http://127.0.0.1:PORT/callback has to be on the app's allow list.
 */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { InstallFlow } from "@effect-icr/webhooks/InstallFlow"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
const page = (body: string, status = 200) =>
  HttpServerResponse.text(`<!doctype html><meta charset="utf-8"><title>A product</title>${body}`, {
    status,
    contentType: "text/html; charset=utf-8"
  })

const refused = (why: string, status: number) => page(`<h1>Not connected</h1><p id="refused">${why}</p>`, status)

const cookie = "session"

/** A product has sessions of its own; this one makes do with a random cookie. */
const sessionOf = Effect.map(HttpServerRequest.HttpServerRequest, ({ cookies }) => cookies[cookie])

const begin = Effect.gen(function* () {
  const flow = yield* InstallFlow
  const appNameId = yield* Config.NonEmptyString("ICR_APP_NAME_ID")
  const session = (yield* sessionOf) ?? crypto.randomUUID()
  const url = yield* flow.installUrl({ appNameId, session, state: "/credits" })
  const answer = page(
    `<h1>A product</h1><p><a id="connect" href="${escape(url.href)}">Connect your organization</a></p>`
  )
  return yield* HttpServerResponse.setCookie(answer, cookie, session, { httpOnly: true, sameSite: "lax", path: "/" })
})

const callback = Effect.gen(function* () {
  const flow = yield* InstallFlow
  const request = yield* HttpServerRequest.HttpServerRequest
  const { installation, installedAfterLink, missing, organization } = yield* flow.verifyCallback(request.url, {
    session: (yield* sessionOf) ?? "",
    required: { organization_info: "VIEW", organization_warehouse: "WRITE" }
  })
  yield* Console.log(`connected ${installation.id}`)
  return page(
    `<h1>Connected</h1><p id="organization">${escape(organization.displayName)}</p>
     <p id="missing">${missing.map(({ name }) => escape(name)).join(", ") || "nothing missing"}</p>
     ${installedAfterLink ? "" : "<p>It was installed before: prove that it is yours.</p>"}`
  )
}).pipe(
  Effect.catchTags({
    InstallError: ({ kind, status }) => Effect.succeed(refused(kind, status)),
    IcrError: (error) =>
      // Whoever wrote the callback made the id up.
      error.reason._tag === "InstallationNotFound"
        ? Effect.succeed(refused(error.reason._tag, 400))
        : Effect.as(
            Effect.logError("A callback could not be verified", error),
            refused(error.isRetryable ? "tryAgain" : "ourFault", error.isRetryable ? 503 : 500)
          )
  })
)

const server = Layer.unwrap(
  Effect.map(Config.Int("PORT").pipe(Config.withDefault(4041)), (port) =>
    NodeHttpServer.layer(createServer, { port, host: "127.0.0.1" })
  )
)

HttpRouter.serve(Layer.mergeAll(HttpRouter.add("GET", "/", begin), HttpRouter.add("GET", "/callback", callback)), {
  disableLogger: true
}).pipe(
  Layer.provide(InstallFlow.layer),
  Layer.provide(IcrApp.layer),
  Layer.provide([server, NodeHttpClient.layerUndici]),
  Layer.launch,
  NodeRuntime.runMain
)
