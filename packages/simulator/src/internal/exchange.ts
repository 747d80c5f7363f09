/**
 * Wraps the routes in everything that holds for every request: the version header, error bodies, planned faults, the
 * `Date` header and the request log.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import type { Behaviour } from "../Behaviour.ts"
import type { FaultPlan } from "./faultPlan.ts"
import * as Faults from "./faults.ts"
import { matchRoute } from "./matchRoute.ts"
import type { Redactor } from "./redact.ts"
import { credentialOf, type RequestLog } from "./requestLog.ts"
import type { World } from "./World.ts"

type Needs = HttpServerRequest.HttpServerRequest | Scope.Scope

export interface ExchangeOptions {
  readonly world: World["Service"]
  readonly log: RequestLog
  readonly redactor: Redactor
  readonly plan: FaultPlan
  readonly reset: Faults.Reset
}

const json = (status: number, message: string) =>
  HttpServerResponse.jsonUnsafe(Faults.errorBody(status, message), { status })

/** Gives the router's own plain-text refusal of a content type the registry's error body. */
const withErrorBody = (response: HttpServerResponse.HttpServerResponse) =>
  response.status === 415 ? json(415, "Unsupported content type") : response

/** Whether a path is the simulator's own. Such paths have no faults, log entries or version header. */
const own = (path: string) =>
  path === "/" || path === "/openapi.json" || path === "/favicon.ico" || /^\/(docs|_simulator)(\/|$)/.test(path)

/**
 * Whether `Host` is a loopback name. The server listens on 127.0.0.1 only, but a web site whose name resolves to that
 * address could reach it through a browser (DNS rebinding); its name would be in `Host`. In-memory requests have no
 * `Host`.
 */
const fromLoopback = (host: string | undefined) =>
  host === undefined || /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host)

/** The simulator's pages load from and send to their own origin only and cannot be framed. */
const contentSecurityPolicy =
  "default-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; " +
  "frame-ancestors 'none'; form-action 'self'"

const failed = (defect: unknown) =>
  Effect.as(Effect.logError("the simulator failed", defect), json(500, "Internal server error"))

/** The API version that applies to a request (API versions), or undefined when it must be answered with 400. */
const versionOf = (asked: string | undefined, { apiVersions, missingVersion }: Behaviour): string | undefined => {
  if (asked !== undefined) return apiVersions.find((version) => version === asked)
  return { oldest: apiVersions[0], newest: apiVersions.at(-1), refuse: undefined }[missingVersion]
}

const httpDate = (millis: number) => DateTime.toDateUtc(DateTime.makeUnsafe(millis)).toUTCString()

/** Creates the handler of a request around the routes. */
export const make =
  (options: ExchangeOptions) =>
  (
    routes: Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, Needs>
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, never, Needs> => {
    const { log, plan, redactor, world } = options

    const answered = (request: HttpServerRequest.HttpServerRequest, path: string) =>
      routes.pipe(
        Effect.catch((error) =>
          HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"
            ? Effect.succeed(json(404, `Cannot ${request.method} ${redactor.text(path)}`))
            : Effect.die(error)
        ),
        Effect.map(withErrorBody),
        Effect.catchDefect(failed)
      )

    return Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const [path = "/"] = request.url.split("?", 1)
      const now = yield* world.now
      if (own(path)) {
        const answer = fromLoopback(request.headers["host"])
          ? yield* answered(request, path)
          : json(403, "The simulator's own pages are answered on loopback only")
        return HttpServerResponse.setHeaders(answer, {
          date: httpDate(now),
          "content-security-policy": contentSecurityPolicy
        })
      }

      const route = matchRoute(request.method, path)
      const faults = plan.next(route)
      const asked = request.headers["x-icr-api-version"]
      const version = versionOf(asked, yield* Ref.get(world.behaviour))
      const close = log.open({
        at: now,
        method: request.method,
        path: redactor.text(request.url),
        route: route ?? null,
        credential: credentialOf(request.headers["authorization"]),
        apiVersion: version ?? null,
        headers: redactor.headers(request.headers),
        faults: faults.map((fault) => fault._tag)
      })
      const complaint = asked === undefined ? "Header x-icr-api-version is required" : "Unsupported API version"
      const genuine =
        version === undefined && route !== undefined ? Effect.succeed(json(400, complaint)) : answered(request, path)
      // The server runs handlers uninterruptibly. A stalled one must end when its client leaves or the server stops.
      const response = yield* Effect.interruptible(Faults.apply(genuine, faults, options.reset))
      close(response.status)
      const date = (yield* world.now) + Faults.dateSkew(faults)
      return HttpServerResponse.setHeader(response, "date", httpDate(date))
    }).pipe(
      Effect.catchDefect((defect) => (defect instanceof Faults.ConnectionReset ? Effect.die(defect) : failed(defect)))
    )
  }
