/** The simulator's own pages: the dashboard, the API reference and the control interface. */
import * as HttpApiSwagger from "effect/http-api/HttpApiSwagger"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import { RegistryApi } from "../Contract.ts"
import * as ControlHandlers from "./controlHandlers.ts"
import type { Surroundings } from "./dashboard/actions.ts"
import * as Dashboard from "./dashboard/routes.ts"
import { errorAnswer } from "./errorAnswers.ts"
import * as OpenApi from "./openApi.ts"
import * as OwnGuard from "./ownGuard.ts"
import * as Validation from "./validation.ts"

/** Whatever lies below the control interface is its own, also what it does not have. */
const noSuchAction = HttpRouter.addAll(
  (["GET", "POST", "PUT", "PATCH", "DELETE"] as const).map((method) =>
    HttpRouter.route(
      method,
      "/_simulator/*",
      errorAnswer(404, "The control interface has no such action; see /_simulator/openapi.json")
    )
  )
)

/** Routes of all own pages, guarded. The install page is not among them, since it answers to any name. */
export const layer = (around: Surroundings) =>
  Layer.mergeAll(
    Layer.mergeAll(
      Dashboard.layer(around),
      OpenApi.own,
      ControlHandlers.layer(around.control, around.controlToken).pipe(Layer.provide(Validation.layer)),
      noSuchAction
    ).pipe(Layer.provide(OwnGuard.layer(around.world.now, OwnGuard.noInlineCode))),
    // The API reference comes with scripts and styles of its own in the page.
    HttpApiSwagger.layer(RegistryApi, { path: "/docs" }).pipe(
      Layer.provide(OwnGuard.layer(around.world.now, OwnGuard.inlineCode))
    )
  )
