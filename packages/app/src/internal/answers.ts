/**
 * The one place that turns the registry's answers into reasons. The registry documents no error table, only the shape
 * `{ statusCode, message, error }`, so the status decides, and the message only where one status means several things.
 */
import * as Arr from "effect/Array"
import type * as Duration from "effect/Duration"
import * as Headers from "effect/http/Headers"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Reason from "../IcrError.ts"
import { scrub } from "./scrub.ts"

/** What the failing call was; the fields every reason of a call carries. */
export interface CallInfo {
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly repeatable: boolean
  readonly attempts: number
  readonly elapsed: Duration.Duration
}

/** What a 404 or a suspension speaks of: the installation itself, or something behind it. */
export interface Subject {
  readonly installation: string | undefined
  /** The id to report when a 404 means that there is no such installation. */
  readonly notFound: string | undefined
  /** A token exchange: about nothing but the installation. */
  readonly isExchange: boolean
}

/** A whole answer, body read as text. */
export interface Answer {
  readonly status: number
  readonly headers: Headers.Headers
  readonly text: string
  /** What the request carried: a server may echo it. */
  readonly secrets: ReadonlyArray<string>
}

const Json = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

/** `message` as a text or a list of texts; anything else (HTML, an empty body, half a JSON) says nothing. */
const registryMessage = ({ secrets, text }: Answer): ReadonlyArray<string> => {
  const message = Json(text).pipe(
    Option.filter(Predicate.hasProperty("message")),
    Option.map(({ message }) => message),
    Option.getOrElse(() => [])
  )
  return scrub(Arr.filter(Arr.ensure<unknown>(message), Predicate.isString), secrets)
}

const suspended = /\bsuspended\b/i
// In one sentence: a project or an organization may be suspended as well.
const installationSuspended =
  /\b(?:installation|app)\b[^.;]{0,60}\bsuspended\b|\bsuspended\b[^.;]{0,60}\b(?:installation|app)\b/i
const permissionName = /\b(?:organization_[a-z]+|examiner)(?::[a-z_]+)?/
const speaksOfCredential = /\b(?:access token|token|jwt|bearer|credentials?)\b/i
const speaksOfRefusal = /\b(?:invalid|expired|revoked|unknown|malformed|missing|inactive|not (?:valid|active|found))\b/i

const retryAfter = (headers: Headers.Headers, now: number) =>
  Option.fromUndefinedOr(headers["retry-after"]).pipe(
    Option.flatMap((value) => Result.getSuccess(Headers.parseRetryAfter(value))),
    Option.map((value) => Headers.retryAfterDelay(value, now))
  )

/** The reason for an answer that is not a success. `now` is the registry's time, for `Retry-After` dates. */
export const reasonOf = (answer: Answer, call: CallInfo, subject: Subject, now: number): Reason.Reason => {
  const { status } = answer
  const fields = { ...call, status, registryMessage: registryMessage(answer) }
  const words = fields.registryMessage.join(" ")
  switch (status) {
    case 400:
    case 405:
    case 406:
    case 411:
    case 413:
    case 414:
    case 415:
    case 422:
    case 431:
      return new Reason.BadRequest(fields)
    case 401:
      return new Reason.Unauthorized({ ...fields, tried: "" })
    case 403: {
      const isSuspended = subject.isExchange ? suspended : installationSuspended
      if (fields.registryMessage.some((text) => isSuspended.test(text))) {
        return new Reason.InstallationSuspended({
          ...fields,
          installationId: subject.installation ?? "(unknown)"
        })
      }
      const permission = Option.fromNullishOr(permissionName.exec(words)?.[0])
      // The registry has answered a dead token with 403 and words about the token: that is a refused credential.
      return Option.isNone(permission) && speaksOfCredential.test(words) && speaksOfRefusal.test(words)
        ? new Reason.Unauthorized({ ...fields, tried: "" })
        : new Reason.Forbidden({ ...fields, permission, tried: "" })
    }
    case 404:
    case 410:
      return subject.notFound === undefined
        ? new Reason.NotFound(fields)
        : new Reason.InstallationNotFound({ ...fields, id: subject.notFound })
    case 409:
      return new Reason.Conflict(fields)
    case 429:
      return new Reason.RateLimited({ ...fields, retryAfter: retryAfter(answer.headers, now) })
    default:
      return status === 408 || (status >= 500 && status < 600)
        ? new Reason.ServerError({ ...fields, retryAfter: retryAfter(answer.headers, now) })
        : new Reason.UnexpectedStatus(fields)
  }
}

/** Whether it was the credential that was refused, or may have been. */
export const isRefusal = ({ reason }: Reason.IcrError): boolean =>
  reason._tag === "Unauthorized" || (reason._tag === "Forbidden" && Option.isNone(reason.permission))

/** Says in a refusal what was done about it before giving up. */
export const withTried = (error: Reason.IcrError, tried: string): Reason.IcrError => {
  const { reason } = error
  switch (reason._tag) {
    case "Unauthorized":
      return Reason.fail(new Reason.Unauthorized({ ...reason, tried }))
    case "Forbidden":
      return Reason.fail(new Reason.Forbidden({ ...reason, tried }))
    default:
      return error
  }
}
