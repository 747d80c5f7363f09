/** The messages between a test and the processes of its fleet: one line of JSON each. */
import { Schema } from "effect"
import { createHash } from "node:crypto"

/** Settings of a process, passed in its environment. Times in milliseconds. */
export const Settings = Schema.Struct({
  prefix: Schema.String,
  lease: Schema.Finite,
  timeout: Schema.Finite,
  /** How many times as long every wait of a second or more takes, limits above all: for a busy test machine. Default 1. */
  patience: Schema.optional(Schema.Finite)
})

/** A burst of callers for each of these installations, with the process's clock set ahead by this many milliseconds. */
export const Ask = Schema.Struct({ ids: Schema.Array(Schema.String), callers: Schema.Int, clockAhead: Schema.Int })

/** The result of a burst. */
export const Answer = Schema.Struct({
  tokens: Schema.Int,
  distinct: Schema.Int,
  /** A hash of the tokens in the order of the installations: equal when two processes received the same ones. */
  digest: Schema.String,
  millis: Schema.Finite
})

/** Equal for equal tokens, and not a secret. */
export const digestOf = (tokens: ReadonlyArray<string>) =>
  createHash("sha256").update(tokens.join()).digest("hex").slice(0, 16)
