import * as Effect from "effect/Effect"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import { Validation } from "../Contract.ts"
import { badRequest } from "../Wire.ts"

/** A request outside the contract: 400 with a list of complaints, the way NestJS answers. None repeats a value. */
export const layer = HttpApiMiddleware.layerSchemaErrorTransform(Validation, (error) =>
  error.kind === "Body" || error.kind === "ResponseHeaders"
    ? Effect.die(error)
    : Effect.fail(badRequest(error.cause.message.split("\n").map((line) => line.trim())))
)
