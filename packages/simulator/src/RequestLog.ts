/**
 * Entries of the request log.
 *
 * @module
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * One request as the registry saw it. Secrets are removed before an entry is stored.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RequestEntry = Schema.Struct({
  /** Position since the start or the last reset, from 1. */
  number: Schema.Int,
  /** Milliseconds since 1970 on the registry's clock. */
  at: Schema.Finite,
  method: Schema.String,
  /** Path and query. */
  path: Schema.String,
  /** The registry's route; null when the path matches none. */
  route: Schema.NullOr(Schema.String),
  /** Kind of credential in the header `authorization`. */
  credential: Schema.Literals(["none", "jwt", "token", "other"]),
  /** The API version applied to the request, as the header or the path names it; null when it is not supported. */
  apiVersion: Schema.NullOr(Schema.String),
  headers: Schema.Record(Schema.String, Schema.String),
  /** The body as the registry read it, at most 4,000 characters; null when there was none or nobody read it. */
  requestBody: Schema.NullOr(Schema.String),
  /** Status of the answer; null when there was none, such as after a reset, and while there is none. */
  status: Schema.NullOr(Schema.Int),
  /** Milliseconds from the arrival to the head of the answer or the end without one; null until then. */
  durationMillis: Schema.NullOr(Schema.Finite),
  /** Text of the answer, at most 4,000 characters; null when there was none, it was streamed or is no text. */
  responseBody: Schema.NullOr(Schema.String),
  /** Tags of the faults applied. */
  faults: Schema.Array(Schema.String)
})

/**
 * One entry of the request log.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestEntry = typeof RequestEntry.Type
