/** The contract as an OpenAPI document, at the simulator's own path and at the registry's. */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Ref from "effect/Ref"
import { RegistryApi } from "../Contract.ts"
import { errorAnswer } from "./errorAnswers.ts"
import * as Versions from "./versions.ts"
import type { World } from "./World.ts"

const document = Effect.sync(() => HttpServerResponse.jsonUnsafe(OpenApi.fromApi(RegistryApi)))

/** `/openapi.json`, which describes the registry's routes and is none of them. */
export const own = HttpRouter.add("GET", "/openapi.json", document)

const path = `/${Versions.pathVersion}/openapi` as const

/**
 * Where the registry is said to publish its own description (Versions, the newer page). Whether that takes a token is not
 * documented; here it takes none. Those of V0 and V1 are not simulated.
 */
export const published = ({ behaviour }: World["Service"]) =>
  HttpRouter.add(
    "GET",
    path,
    Effect.flatMap(Ref.get(behaviour), (now) =>
      now.versionIn === "header"
        ? Effect.succeed(errorAnswer(404, `Cannot GET ${path}${Versions.whyNotFound(path, now)}`))
        : document
    )
  )
