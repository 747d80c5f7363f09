/**
 * The one place that turns the registry's answers into reasons. The registry documents no error table, only the shape
 * `{ statusCode, message, error }`, so the status decides, and the message only where one status means several things.
 */
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Headers from "effect/http/Headers"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { IcrError } from "../../errors/IcrError.ts"
import * as Reason from "../../errors/IcrReason.ts"
import type { CallInfo } from "../../errors/internal/fields.ts"
import { isNoRoute } from "../../errors/internal/message.ts"
import { redactText } from "../../errors/internal/redactText.ts"
import { bodyText, parseJson } from "./decodeJson.ts"
import type { Answer } from "./request.ts"
import type { Subject } from "./subject.ts"

// What the signer makes; tokens of the registry have no such form.
const jwtForm = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/

const credentialOf = ({ installation, isExchange }: Subject, value: Redacted.Redacted) => {
  if (isExchange === true || jwtForm.test(Redacted.value(value))) return "jwt"
  return installation === undefined ? "appToken" : "installationToken"
}

const badRequests = new Set([400, 405, 406, 411, 413, 414, 415, 422, 431])
const transients = new Set([408, 429, 500, 502, 503, 504])

/** `message` as a text or a list of texts; anything else (HTML, an empty body, half a JSON) says nothing. */
const registryMessage = ({ bytes }: Answer, credential: Redacted.Redacted): ReadonlyArray<string> => {
  const body = Option.getOrUndefined(parseJson(bodyText(bytes)))
  const messages = Predicate.hasProperty(body, "message") ? Arr.ensure(body.message) : []
  return redactText(messages.filter(Predicate.isString), [Redacted.value(credential)])
}

const suspended = /\bsuspended\b/i
// Requires both words in one sentence, since a project or an organization may be suspended as well.
const installationSuspended =
  /\b(?:installation|app)\b[^.;]{0,60}\bsuspended\b|\bsuspended\b[^.;]{0,60}\b(?:installation|app)\b/i
const permissionName = /\b(?:organization_[a-z]+|examiner)(?::[a-z_]+)?/
const speaksOfCredential = /\b(?:access token|token|jwt|bearer|credentials?)\b/i
const speaksOfRefusal = /\b(?:invalid|expired|revoked|unknown|malformed|missing|inactive|not (?:valid|active|found))\b/i

const retryAfter = ({ headers }: Answer, now: number) => {
  const asked = Headers.parseRetryAfter(headers["retry-after"] ?? "")
  const wait = Result.isSuccess(asked) ? Headers.retryAfterDelay(asked.success, now) : Duration.zero
  return Duration.isPositive(wait) ? Option.some(wait) : Option.none()
}

/**
 * The reason for an answer that is not a success. The credential that was sent is removed from the registry's words; `now` is
 * the registry's time, for `Retry-After` dates.
 */
export const answerReason = (
  answer: Answer,
  call: CallInfo,
  subject: Subject,
  credential: Redacted.Redacted,
  now: number
): Reason.IcrReason => {
  const { status } = answer
  const fields = { ...call, status, registryMessage: registryMessage(answer, credential) }
  const refusal = { ...fields, tried: "nothing", credential: credentialOf(subject, credential) } as const
  const words = fields.registryMessage.join(" ")
  if (badRequests.has(status)) return new Reason.BadRequest(fields)
  switch (status) {
    case 401:
      return new Reason.Unauthorized(refusal)
    case 403: {
      const isSuspended = subject.isExchange === true ? suspended : installationSuspended
      if (fields.registryMessage.some((text) => isSuspended.test(text))) {
        return new Reason.InstallationSuspended({ ...fields, installationId: subject.installation ?? "(unknown)" })
      }
      const permission = Option.fromNullishOr(permissionName.exec(words)?.[0])
      // The registry may answer a dead token with 403 and words about the token: a refused credential.
      return Option.isNone(permission) && speaksOfCredential.test(words) && speaksOfRefusal.test(words)
        ? new Reason.Unauthorized(refusal)
        : new Reason.Forbidden({ ...fields, permission, tried: "nothing" })
    }
    case 404:
    case 410:
      return subject.notFound === undefined || isNoRoute(fields.registryMessage)
        ? new Reason.NotFound(fields)
        : new Reason.InstallationNotFound({ ...fields, id: subject.notFound })
    case 409:
      return new Reason.Conflict(fields)
    case 429:
      return new Reason.RateLimited({ ...fields, retryAfter: retryAfter(answer, now) })
    default:
      return status === 408 || (status >= 500 && status < 600)
        ? new Reason.ServerError({ ...fields, retryAfter: retryAfter(answer, now) })
        : new Reason.UnexpectedStatus(fields)
  }
}

/** Whether the registry refused the credential, or may have. */
export const isRefusal = ({ reason }: IcrError): boolean =>
  reason._tag === "Unauthorized" || (reason._tag === "Forbidden" && Option.isNone(reason.permission))

/** Whether the failure of an attempt may be gone at the next one. */
export const isTransient = ({ reason }: IcrError): boolean =>
  reason._tag === "Transport" ||
  (reason._tag === "Timeout" && reason.of === "attempt") ||
  ("status" in reason && reason.status !== undefined && transients.has(reason.status))

/** Adds to a refusal what was done about it before giving up, and whether that is all that could be done. */
export const withTried = (error: IcrError, tried: Reason.Tried, canRepeat: boolean): IcrError => {
  const { reason } = error
  if (reason._tag === "Forbidden") return new IcrError({ reason: new Reason.Forbidden({ ...reason, tried }) })
  if (reason._tag !== "Unauthorized") return error
  const fields = { ...reason, tried, ...(canRepeat ? {} : { canRepeat }) }
  return new IcrError({ reason: new Reason.Unauthorized(fields) })
}
