import * as Schema from "effect/Schema"

/** One exchange as the registry saw it. Secrets are cut out before it is stored. */
export const RequestEntry = Schema.Struct({
  /** Counts from 1 since the start. */
  number: Schema.Int,
  /** Milliseconds since 1970 on the registry's clock. */
  at: Schema.Finite,
  method: Schema.String,
  /** Path and query. */
  path: Schema.String,
  /** The route, when the registry knows one. */
  route: Schema.NullOr(Schema.String),
  /** What the request carried in `authorization`. */
  credential: Schema.Literals(["none", "jwt", "token", "other"]),
  /** The API version the request was held to; null when it asked for one that is not supported. */
  apiVersion: Schema.NullOr(Schema.String),
  headers: Schema.Record(Schema.String, Schema.String),
  /** Status of the answer; null when there was none, as after a reset. */
  status: Schema.NullOr(Schema.Int),
  /** The faults that were in play. */
  faults: Schema.Array(Schema.String)
})
export type RequestEntry = typeof RequestEntry.Type
