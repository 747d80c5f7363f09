/**
 * Guards the simulator's own pages and control interface.
 *
 * The server listens on 127.0.0.1 only, but a web site whose name resolves to that address can reach it through a
 * visitor's browser (DNS rebinding). The site's name is then in `Host`, so these routes answer to loopback names only.
 *
 * The guard surrounds the handlers, so it holds for whatever the router matched. A path has many spellings (`//`,
 * `/;x`, `/DOCS`), and a guard that reads the path itself would have to know all of them.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { complete, errorAnswer } from "./errorAnswers.ts"
import { httpDate } from "./httpDate.ts"

/** Clients of HTTP/1.0, which no browser is, may omit the header. */
const isLoopback = (host: string | undefined) =>
  host === undefined || /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host)

/** A content security policy: pages load from and send to their own origin only and cannot be framed. */
export const noInlineCode =
  "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"

/** The same for a page with scripts and styles in itself. */
export const inlineCode =
  "default-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; " +
  "frame-ancestors 'none'; form-action 'self'; base-uri 'none'"

/** Creates the middleware. `now` is the time on the registry's clock. */
export const layer = (now: Effect.Effect<number>, contentSecurityPolicy: string) =>
  HttpRouter.middleware((handler) =>
    Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      // A target such as `http://name/` takes the place of the header, so both are asked.
      const hosts = [request.headers["host"], NodeHttpServerRequest.toIncomingMessage(request).headers.host]
      const answer = hosts.every(isLoopback)
        ? yield* complete(handler)
        : errorAnswer(403, "The simulator's own pages are answered on loopback only")
      return HttpServerResponse.setHeaders(answer, {
        date: httpDate(yield* now),
        "content-security-policy": contentSecurityPolicy
      })
    })
  ).layer
