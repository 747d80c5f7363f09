/**
 * Error answers of the registry, by status.
 *
 * ```ts
 * import { badRequest, forbidden, notFound, refused, unauthorized } from "@effect-icr/simulator/ErrorBody"
 * import * as assert from "node:assert"
 *
 * const answers = [
 *   badRequest(["limit must be a positive number"]),
 *   unauthorized("Unauthorized"),
 *   forbidden("Installation is suspended"),
 *   notFound("Installation not found"),
 *   refused(409, "The request was accepted before"),
 *   refused(422, "The amount is larger than what is there")
 * ]
 * assert.deepStrictEqual(
 *   answers.map(({ statusCode }) => statusCode),
 *   [400, 401, 403, 404, 409, 422]
 * )
 * ```
 *
 * @module
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The registry's error body, which is that of NestJS: `statusCode`, `message` as text or as a list, and `error`. The
 * registry's own demo app reads these fields.
 */
const body = { statusCode: Schema.Int, message: Schema.Union([Schema.String, Schema.Array(Schema.String)]) }

/**
 * Error body with status 400.
 *
 * @since 0.1.0
 * @category errors
 */
export class BadRequest extends Schema.Error<BadRequest>("BadRequest")(
  { _tag: Schema.tagDefaultOmit("BadRequest"), ...body, error: Schema.String },
  { httpApiStatus: 400 }
) {}

/**
 * Error body with status 401.
 *
 * @since 0.1.0
 * @category errors
 */
export class Unauthorized extends Schema.Error<Unauthorized>("Unauthorized")(
  { _tag: Schema.tagDefaultOmit("Unauthorized"), ...body, error: Schema.String },
  { httpApiStatus: 401 }
) {}

/**
 * Error body with status 403.
 *
 * @since 0.1.0
 * @category errors
 */
export class Forbidden extends Schema.Error<Forbidden>("Forbidden")(
  { _tag: Schema.tagDefaultOmit("Forbidden"), ...body, error: Schema.String },
  { httpApiStatus: 403 }
) {}

/**
 * Error body with status 404.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotFound extends Schema.Error<NotFound>("NotFound")(
  { _tag: Schema.tagDefaultOmit("NotFound"), ...body, error: Schema.String },
  { httpApiStatus: 404 }
) {}

/**
 * Error body with status 409.
 *
 * @since 0.1.0
 * @category errors
 */
export class Conflict extends Schema.Error<Conflict>("Conflict")(
  { _tag: Schema.tagDefaultOmit("Conflict"), ...body, error: Schema.String },
  { httpApiStatus: 409 }
) {}

/**
 * Error body with status 422.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnprocessableEntity extends Schema.Error<UnprocessableEntity>("UnprocessableEntity")(
  { _tag: Schema.tagDefaultOmit("UnprocessableEntity"), ...body, error: Schema.String },
  { httpApiStatus: 422 }
) {}

/**
 * Creates an error body with status 400.
 *
 * @since 0.1.0
 * @category constructors
 */
export const badRequest = (message: string | ReadonlyArray<string>) =>
  new BadRequest({ statusCode: 400, message, error: "Bad Request" })

/**
 * Creates an error body with status 401.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unauthorized = (message: string) => new Unauthorized({ statusCode: 401, message, error: "Unauthorized" })

/**
 * Creates an error body with status 403.
 *
 * @since 0.1.0
 * @category constructors
 */
export const forbidden = (message: string) => new Forbidden({ statusCode: 403, message, error: "Forbidden" })

/**
 * Creates an error body with status 404.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notFound = (message: string) => new NotFound({ statusCode: 404, message, error: "Not Found" })

/**
 * Creates an error body with the status that a switch asks for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const refused = (status: 400 | 403 | 404 | 409 | 422, message: string) => {
  switch (status) {
    case 400:
      return badRequest(message)
    case 403:
      return forbidden(message)
    case 404:
      return notFound(message)
    case 409:
      return new Conflict({ statusCode: 409, message, error: "Conflict" })
    case 422:
      return new UnprocessableEntity({ statusCode: 422, message, error: "Unprocessable Entity" })
  }
}
