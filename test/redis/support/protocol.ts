/** What a test and its fleet's processes tell each other: JSON, a line each. */
import { Schema } from "effect"
import { createHash } from "node:crypto"

/** How a process is set up, in its environment. Times in milliseconds. */
export const Settings = Schema.Struct({
  prefix: Schema.String,
  lease: Schema.Finite,
  timeout: Schema.Finite
})

/** A burst: so many callers at once for each of these installations, by a clock set forward this many milliseconds. */
export const Ask = Schema.Struct({ ids: Schema.Array(Schema.String), callers: Schema.Int, clockAhead: Schema.Int })

/** What became of it. */
export const Answer = Schema.Struct({
  tokens: Schema.Int,
  distinct: Schema.Int,
  /** Of the tokens in the order of the installations: equal where two processes got the same ones. */
  digest: Schema.String,
  millis: Schema.Finite
})

/** Equal for equal tokens, and no secret. */
export const digestOf = (tokens: ReadonlyArray<string>) =>
  createHash("sha256").update(tokens.join()).digest("hex").slice(0, 16)
