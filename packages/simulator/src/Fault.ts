/**
 * Faults between a client and the registry as plain data, for tests and, as JSON, for the control interface.
 *
 * @module
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Bounds from "./internal/bounds.ts"
import { Route } from "./Route.ts"

/** Up to 10 years; without end when omitted. */
const millis = Schema.optionalKey(Bounds.Millis)
const Status = Schema.Int.check(Schema.isBetween({ minimum: 200, maximum: 599 }))

/**
 * One fault. A request can be subject to several.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fault = Schema.Union([
  /**
   * Answers with `status` instead of the real answer. A `body` that is an object or list becomes JSON; a string is sent
   * unchanged (name its `content-type` in `headers` if it is not text). Default: the registry's error body for the
   * status. `handled: true` runs the real handler first, so that only its answer is lost.
   */
  Schema.TaggedStruct("Status", {
    status: Status,
    body: Schema.optionalKey(Schema.Json),
    headers: Schema.optionalKey(Bounds.Headers),
    handled: Schema.optionalKey(Schema.Boolean)
  }),
  /** Answers with `status`, 503 by default, at once, and handles the request this much later. */
  Schema.TaggedStruct("LateWork", { millis: Bounds.Millis, status: Schema.optionalKey(Status) }),
  /** Delays the handling of the request. */
  Schema.TaggedStruct("Latency", { millis: Bounds.Millis }),
  /** Sends nothing after the request has arrived. */
  Schema.TaggedStruct("StallBeforeHead", { millis }),
  /** Sends the head and half of the body, then nothing. */
  Schema.TaggedStruct("StallInBody", { millis }),
  /**
   * Resets the connection: before the request is handled (default), after it is handled but before its answer, or in
   * the middle of the body.
   */
  Schema.TaggedStruct("Reset", { at: Schema.optionalKey(Schema.Literals(["request", "answer", "body"])) }),
  /** Completes an answer whose JSON stops in the middle. */
  Schema.TaggedStruct("TruncatedJson", {}),
  /** Answers with an HTML error page, as a proxy does. Default status 502. */
  Schema.TaggedStruct("HtmlPage", { status: Schema.optionalKey(Status) }),
  /** Answers with a JSON body of this many bytes, 16 MiB by default. */
  Schema.TaggedStruct("OversizedBody", { bytes: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))) }),
  /** Repeats the first field of the answer, with a wrong value first. */
  Schema.TaggedStruct("DuplicateFields", {}),
  /** Adds undocumented fields to every object of the answer. */
  Schema.TaggedStruct("UnknownFields", {}),
  /**
   * Answers with an error that repeats the request's credentials in message, fields and headers. Default status 400.
   */
  Schema.TaggedStruct("EchoCredentials", { status: Schema.optionalKey(Status) }),
  /** Shifts the `Date` header of the answer. */
  Schema.TaggedStruct("DateSkew", { millis: Bounds.Skew }),
  /** Refuses a token created by this request for its first milliseconds. */
  Schema.TaggedStruct("FreshToken", { millis: Bounds.Millis })
])

/**
 * One fault.
 *
 * @since 0.1.0
 * @category models
 */
export type Fault = typeof Fault.Type

/**
 * What one request of a script is subject to: nothing, one fault, or several.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FaultStep = Schema.Union([Schema.Literal("pass"), Fault, Schema.Array(Fault)])

/**
 * One step of a script.
 *
 * @since 0.1.0
 * @category models
 */
export type FaultStep = typeof FaultStep.Type

const target = Schema.Union([Route, Schema.Literal("*")])

/**
 * The faults that are planned and not used yet.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PlannedFaults = Schema.Struct({
  /** The steps left of each route's script. */
  scripts: Schema.Array(Schema.Struct({ route: target, steps: Schema.Array(FaultStep) })),
  probabilities: Schema.Array(Schema.Struct({ route: target, probability: Schema.Finite, faults: Schema.Array(Fault) }))
})

/**
 * The faults that are planned and not used yet.
 *
 * @since 0.1.0
 * @category models
 */
export type PlannedFaults = typeof PlannedFaults.Type
