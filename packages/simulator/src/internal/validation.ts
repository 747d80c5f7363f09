/** Answers requests outside the contract. */
import * as Effect from "effect/Effect"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import { Validation } from "../Contract.ts"
import { badRequest } from "../ErrorBody.ts"

/** Answers with a 400 that lists the complaints, as NestJS does. No complaint repeats a value. */
export const layer = HttpApiMiddleware.layerSchemaErrorTransform(Validation, (error) =>
  error.kind === "Body" || error.kind === "ResponseHeaders"
    ? Effect.die(error)
    : Effect.fail(badRequest(error.cause.message.split("\n").map((line) => line.trim())))
)
