/** What reasons share: their form, and the fields that say of which call and which answer. */
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

type Fields = Schema.Struct.Fields

/** An error class that is named by its tag. */
export const reason =
  <Self = never>() =>
  <Tag extends string, const F extends Fields>(tag: Tag, fields: F) =>
    Schema.TaggedError<Self>(`@effect-icr/app/${tag}`)(tag, fields)

/** For reasons without a `Retry-After`. */
export const noRetryAfter = Option.none<Duration.Duration>()

/** A reason that retrying does not solve. */
export class Lasting extends Schema.Error<Lasting>("@effect-icr/app/Lasting")({}) {
  readonly isRetryable = false
  readonly retryAfter = noRetryAfter
}

/** As {@link reason}, for a reason that retrying does not solve. */
export const lasting =
  <Self = never>() =>
  <Tag extends string, const F extends Fields>(tag: Tag, fields: F) =>
    Lasting.extend<Self>(`@effect-icr/app/${tag}`)({ _tag: Schema.tag(tag), ...fields })

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
export const maybeAnsweredFields = {
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
export type AnswerInfo = Schema.Struct.Type<typeof maybeAnsweredFields>
