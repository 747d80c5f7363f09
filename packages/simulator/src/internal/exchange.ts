/**
 * Wraps the routes in everything that holds for every request: the version header, error bodies, the limit of bodies,
 * planned faults, the `Date` header, the request log and a line for a terminal.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import { type Route, routes } from "../Route.ts"
import * as Bodies from "./bodies.ts"
import { isPoll } from "./dashboard/paths.ts"
import type { FaultPlan } from "./faultPlan.ts"
import { complete, errorAnswer, failed, maxBodySize } from "./errorAnswers.ts"
import * as Faults from "./faults.ts"
import type { Redactor } from "./redact.ts"
import { httpDate } from "./httpDate.ts"
import { credentialOf, type RequestLog } from "./requestLog.ts"
import * as Versions from "./versions.ts"
import type { World } from "./World.ts"

type Needs = HttpServerRequest.HttpServerRequest | Scope.Scope
type Answer<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

export interface ExchangeOptions {
  readonly world: World["Service"]
  readonly log: RequestLog
  readonly redactor: Redactor
  readonly plan: FaultPlan
  readonly reset: Faults.Reset
}

const routesByPath = new Map<string, Route>(routes.map((route) => [route, route]))

/** The registry's route that the router matched. The router writes a parameter as `:id`, a route's name as `{id}`. */
const routeOf = ({ method, path }: HttpRouter.Route<unknown, unknown>) =>
  routesByPath.get(`${method} ${path.replace(/:(\w+)/g, "{$1}")}`)

/** Creates what surrounds the handlers of requests. */
export const make = ({ log, plan, redactor, reset, world }: ExchangeOptions) => {
  /** Answers with `genuine` under the planned faults, with the registry's `Date`, and logs the request. */
  const exchange = Effect.fnUntraced(function* <E, R>(
    route: Route | undefined,
    genuine: Answer<E, R>,
    /** False for the install page, whose form carries a token of its own. */
    keepsBodies: boolean
  ) {
    const start = yield* Clock.currentTimeNanos
    const request = yield* HttpServerRequest.HttpServerRequest
    const faults = plan.next(route)
    const version = yield* Versions.versionOf(yield* Ref.get(world.behaviour))
    const close = log.open({
      at: yield* world.now,
      method: request.method,
      path: redactor.text(yield* Versions.writtenUrl),
      route: route ?? null,
      credential: credentialOf(request.headers["authorization"]),
      apiVersion: version._tag === "Applies" ? version.version : null,
      headers: redactor.headers(request.headers),
      faults: faults.map((fault) => fault._tag)
    })
    const answer =
      version._tag === "Refused" && route !== undefined
        ? Effect.succeed(errorAnswer(version.status, redactor.text(version.complaint)))
        : genuine
    // The server runs handlers uninterruptibly. A stalled one must end when its client leaves or the server stops.
    const response = yield* Effect.onExit(
      Effect.interruptible(Faults.apply(answer, faults, reset)),
      Effect.fnUntraced(function* (exit) {
        const durationMillis = Number((yield* Clock.currentTimeNanos) - start) / 1_000_000
        const requestBody = keepsBodies ? yield* Bodies.ofRequest(request) : null
        const responseBody = keepsBodies && Exit.isSuccess(exit) ? Bodies.ofResponse(exit.value) : null
        close({
          durationMillis,
          requestBody: requestBody === null ? null : redactor.body(requestBody),
          status: Exit.isSuccess(exit) ? exit.value.status : null,
          responseBody: responseBody === null ? null : redactor.body(responseBody)
        })
      })
    )
    const date = (yield* world.now) + Faults.dateSkew(faults)
    return HttpServerResponse.setHeader(response, "date", httpDate(date))
  })

  /** The registry's answer to a path without a route. */
  const notFound = Effect.gen(function* () {
    const { method } = yield* HttpServerRequest.HttpServerRequest
    const [path = "/"] = (yield* Versions.writtenUrl).split("?", 1)
    const why = Versions.whyNotFound(path, yield* Ref.get(world.behaviour))
    return errorAnswer(404, `Cannot ${method} ${redactor.text(path)}${why}`)
  })

  /** Logs a line about a request with the time to the head of its answer: `GET /projects 200 3 ms`. */
  const withLine = Effect.fnUntraced(function* <E, R>(answer: Answer<E, R>) {
    const { method } = yield* HttpServerRequest.HttpServerRequest
    const url = yield* Versions.writtenUrl
    // The dashboard asks every second, which would drown all other lines.
    if (isPoll(url)) return yield* answer
    const start = yield* Clock.currentTimeMillis
    // Terminals act on control characters.
    const path = redactor.text(url).replace(/[^\x21-\x7e]/g, encodeURIComponent)
    return yield* Effect.onExit(answer, (exit) =>
      Effect.flatMap(Clock.currentTimeMillis, (end) =>
        Effect.logDebug(`${method} ${path} ${Exit.isSuccess(exit) ? exit.value.status : "no answer"} ${end - start} ms`)
      )
    )
  })

  return {
    /** Surrounds the registry's routes and the install page. What applies to one follows from the route matched. */
    registry: HttpRouter.middleware((handler) =>
      Effect.flatMap(HttpRouter.RouteContext, (matched) => {
        const route = routeOf(matched.route)
        return exchange(route, complete(handler), route !== undefined)
      })
    ).layer,

    /** Handles every request with the routes. */
    serve: (routes: Answer<unknown, Needs>): Answer<never, Needs> =>
      routes.pipe(
        Effect.catch((error) =>
          HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"
            ? exchange(undefined, notFound, true)
            : Effect.die(error)
        ),
        Effect.catchDefect((defect) =>
          defect instanceof Faults.ConnectionReset ? Effect.die(defect) : failed(defect)
        ),
        withLine,
        (answer) => Effect.flatMap(Ref.get(world.behaviour), (behaviour) => Versions.readPath(behaviour, answer)),
        Effect.provideService(HttpIncomingMessage.MaxBodySize, maxBodySize)
      )
  }
}
