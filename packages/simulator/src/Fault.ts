/**
 * What may go wrong between two computers, as plain data: usable in a test, and as JSON over the control interface.
 */
import * as Schema from "effect/Schema"
import * as Bounds from "./internal/bounds.ts"

/** Up to 10 years; left out means without end. */
const millis = Schema.optionalKey(Bounds.Millis)
const Status = Schema.Int.check(Schema.isBetween({ minimum: 200, maximum: 599 }))

/** One fault. Several can meet in one exchange. */
export const Fault = Schema.Union([
  /**
   * Answers with `status` instead of the real answer. `body`: an object or list becomes JSON, a string goes out as it is
   * (give a `content-type` in `headers` if it is not text); default is the registry's error body for that status.
   * `handled: true` lets the real handler do its work first, so that only its answer is lost.
   */
  Schema.TaggedStruct("Status", {
    status: Status,
    body: Schema.optionalKey(Schema.Json),
    headers: Schema.optionalKey(Bounds.Headers),
    handled: Schema.optionalKey(Schema.Boolean)
  }),
  /** Waits, then goes on. */
  Schema.TaggedStruct("Latency", { millis: Bounds.Millis }),
  /** The request arrives, and nothing comes back. */
  Schema.TaggedStruct("StallBeforeHead", { millis }),
  /** Head and half of the body, then silence. */
  Schema.TaggedStruct("StallInBody", { millis }),
  /**
   * The connection is reset: before the request is handled (default), after it was handled but before its answer, or in the
   * middle of the body.
   */
  Schema.TaggedStruct("Reset", { at: Schema.optionalKey(Schema.Literals(["request", "answer", "body"])) }),
  /** A complete answer whose JSON stops in the middle. */
  Schema.TaggedStruct("TruncatedJson", {}),
  /** An HTML error page, as from a proxy. Default status 502. */
  Schema.TaggedStruct("HtmlPage", { status: Schema.optionalKey(Status) }),
  /** A JSON body of this many bytes, default 16 MiB. */
  Schema.TaggedStruct("OversizedBody", { bytes: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))) }),
  /** The first field of the answer comes twice, the false one first. */
  Schema.TaggedStruct("DuplicateFields", {}),
  /** Every object of the answer carries fields that nobody documented. */
  Schema.TaggedStruct("UnknownFields", {}),
  /** An error whose message, fields and headers repeat the request's credentials. Default status 400. */
  Schema.TaggedStruct("EchoCredentials", { status: Schema.optionalKey(Status) }),
  /** The `Date` header of the answer is off by this much. */
  Schema.TaggedStruct("DateSkew", { millis: Bounds.Skew }),
  /** A token minted in this exchange is refused for its first so many milliseconds. */
  Schema.TaggedStruct("FreshToken", { millis: Bounds.Millis })
])
export type Fault = typeof Fault.Type

/** What one exchange in a script meets: nothing, one fault, or several at once. */
export const FaultStep = Schema.Union([Schema.Literal("pass"), Fault, Schema.Array(Fault)])
export type FaultStep = typeof FaultStep.Type
