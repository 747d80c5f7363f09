/** Tells transport failures apart by the codes that runtimes give. */
import type * as HttpClientError from "effect/http/HttpClientError"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type { TransportKind } from "../../errors/IcrReason.ts"

/** Error codes of Node, undici, Bun and Deno, by the part of the connection that failed. */
const kinds: ReadonlyArray<readonly [TransportKind, RegExp]> = [
  ["dns", /ENOTFOUND|EAI_|DNS/i],
  ["refused", /ECONNREFUSED|ConnectionRefused|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/i],
  ["cut", /RES_CONTENT_LENGTH_MISMATCH|ERR_STREAM_PREMATURE_CLOSE|ERR_HTTP2_STREAM/i],
  ["tls", /TLS|SSL|CERT|SELF_SIGNED|UNABLE_TO_|EPROTO/i],
  ["reset", /ECONNRESET|EPIPE|UND_ERR_SOCKET|ConnectionClosed|ECONNABORTED|ABORT_ERR/i]
]

/** `ECONNRESET`, `ERR_TLS_…`, Bun's `ConnectionRefused`: nothing that could be a token. */
const codeForm = /^(?:[A-Z][A-Z0-9_]{2,40}|[A-Z][A-Za-z]{2,40})$/

const codeOf = (value: unknown): string | undefined =>
  Predicate.hasProperty(value, "code") && Predicate.isString(value.code) && codeForm.test(value.code)
    ? value.code
    : undefined

/** The first code found in the causes of an error, and in the parts of an `AggregateError` (one for each address tried). */
const findCode = (value: unknown, depth = 0): string | undefined => {
  if (depth > 6 || !Predicate.isObject(value)) return undefined
  const code = codeOf(value)
  if (code !== undefined) return code
  if (Predicate.hasProperty(value, "errors") && Array.isArray(value.errors) && value.errors.length > 0) {
    return findCode(value.errors[0], depth + 1)
  }
  return Predicate.hasProperty(value, "cause") ? findCode(value.cause, depth + 1) : undefined
}

/** How a connection failed. Once the head of the answer has come, a lost connection has cut the body. */
export const classify = (
  error: HttpClientError.HttpClientError
): { readonly kind: TransportKind; readonly code: Option.Option<string> } => {
  const code = findCode(error.reason.cause)
  const kind = kinds.find(([, pattern]) => code !== undefined && pattern.test(code))?.[0] ?? "unknown"
  const isCut = error.response !== undefined && (kind === "reset" || kind === "unknown")
  return { kind: isCut ? "cut" : kind, code: Option.fromUndefinedOr(code) }
}
