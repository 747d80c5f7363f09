/** The fields that reasons share. */
import * as Schema from "effect/Schema"

/** The call that failed. Every reason that stems from a call carries these fields. */
export const callFields = {
  /** The public operation, such as `IcrApp.installationToken`. */
  operation: Schema.String,
  method: Schema.String,
  /** The path template, such as `/app/installations/{installationId}`: never a filled-in one. */
  path: Schema.String,
  /** Which page of a list, counted from 0. */
  page: Schema.optionalKey(Schema.Int),
  /** Whether sending the request twice does no harm: a read, a token exchange, or a call marked `idempotent`. */
  idempotent: Schema.Boolean,
  /** `false` when the program has found out that the write was not done, as by looking at the registry. */
  isDone: Schema.optionalKey(Schema.Boolean),
  /** Requests that went out for this call, token exchanges aside; 0 when none was sent. */
  attempts: Schema.Int,
  /** From the start of the call to the failure, waits included. */
  elapsed: Schema.Duration
}

/** The answer of the registry. */
export const answerFields = {
  ...callFields,
  status: Schema.Int,
  /** The registry's own words without credentials; empty when it sent none. */
  registryMessage: Schema.Array(Schema.String)
}

/** As {@link answerFields}, for reasons that may be known before a request is sent: then there is no status. */
export const answerOrNotSentFields = {
  ...answerFields,
  status: Schema.optionalKey(Schema.Int)
}

/**
 * What was done about a refused credential before the call gave up.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Tried = Schema.Literals(["nothing", "sameToken", "newToken", "sameThenNewToken", "newJwt"])
/**
 * What was done about a refused credential before the call gave up.
 *
 * @category models
 * @since 0.1.0
 */
export type Tried = typeof Tried.Type

/**
 * What the registry refused: the app JWT, the app token, or the token of an installation.
 *
 * @category schemas
 * @since 0.1.0
 */
export const RefusedCredential = Schema.Literals(["jwt", "appToken", "installationToken"])
/**
 * What the registry refused: the app JWT, the app token, or the token of an installation.
 *
 * @category models
 * @since 0.1.0
 */
export type RefusedCredential = typeof RefusedCredential.Type

/** What errors and responses say of their call. */
export type CallInfo = Schema.Struct.Type<typeof callFields>

/** What reasons say of an answer, or of one that was not asked for. */
export type AnswerInfo = Schema.Struct.Type<typeof answerOrNotSentFields>
