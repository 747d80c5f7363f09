/** Tells transport failures apart by the codes that runtimes give. */
import type * as HttpClientError from "effect/http/HttpClientError"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type { TransportKind } from "../../errors/IcrReason.ts"
import { neverSent } from "../../errors/internal/message.ts"

/**
 * Error codes of Node, undici, Bun and Deno, by the part of the connection that failed. Of TLS only what stands before a request
 * is sent, certificates and the handshake: a broken record may come after one.
 */
const kinds: ReadonlyArray<readonly [TransportKind, RegExp]> = [
  ["dns", /ENOTFOUND|EAI_|DNS/i],
  ["refused", /ECONNREFUSED|ConnectionRefused|FailedToOpenSocket|CONNECT(?:ION)?_TIMEOUT|PROXY_TUNNEL|PRX_CONN/i],
  ["refused", /SOCKS5|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|EAFNOSUPPORT|EMFILE|ENFILE/i],
  ["cut", /RES_CONTENT_LENGTH_MISMATCH|ERR_STREAM_PREMATURE_CLOSE|ERR_HTTP2_STREAM/i],
  [
    "tls",
    /CERT|SELF_SIGNED|UNABLE_TO_|HANDSHAKE|PRX_TLS|WRONG_VERSION|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|UNRECOGNIZED_NAME/i
  ],
  ["reset", /TLS|SSL|EPROTO|ECONNRESET|EPIPE|UND_ERR_SOCKET|ConnectionClosed|ECONNABORTED|ABORT_ERR/i]
]

/**
 * Where words tell more than codes. Deno gives no codes, but says in which part of a request it was. A TLS connection that was
 * lost before it was made, and a tunnel that a proxy refused, have the codes of requests that were lost.
 */
const words: typeof kinds = [
  ["dns", /client error \(Connect\).*dns error/i],
  [
    "tls",
    /before secure TLS|wrong version number|handshake failure|client error \(Connect\).*(?:certificate|tls|ssl|corrupt message)/i
  ],
  ["refused", /tunneling|client error \(Connect\)/i]
]

/** `ECONNRESET`, `ERR_TLS_…`, Bun's `ConnectionRefused`: nothing that could be a token. */
const codeForm = /^(?:[A-Z][A-Z0-9_]{2,60}|[A-Z][A-Za-z]{2,40})$/

const textOf = (value: object, name: string): string => {
  const text = Predicate.hasProperty(value, name) ? value[name] : undefined
  return Predicate.isString(text) ? text : ""
}

const matching = (rows: typeof kinds, text: string) => rows.find(([, pattern]) => pattern.test(text))?.[0]

/** How a connection failed. */
interface Failure {
  readonly kind: TransportKind
  readonly code: Option.Option<string>
}

const isSent = ({ kind }: Failure) => !neverSent.has(kind)

/** What a code means for a connection that was being read from or written to: it had been made. */
const ifMade = (kind: TransportKind, syscall: string): TransportKind =>
  /^(?:read|write)$/.test(syscall) && neverSent.has(kind) ? "reset" : kind

/**
 * The failure that an error or one of its causes tells of. The parts of an `AggregateError` are failed attempts to connect, one
 * for each address; a part that is something else speaks for the whole.
 */
const find = (value: unknown, isConnecting = false, depth = 0): Failure | undefined => {
  if (depth > 6 || !Predicate.isObject(value)) return undefined
  const parts = Predicate.hasProperty(value, "errors") && Array.isArray(value.errors) ? value.errors : []
  const found = parts.flatMap((part) => find(part, true, depth + 1) ?? [])
  if (found.length > 0) return found.find(isSent) ?? found[0]
  const text = textOf(value, "code")
  const isCode = codeForm.test(text)
  const syscall = textOf(value, "syscall")
  const isConnect = syscall === "connect" || (isConnecting && text === "ETIMEDOUT")
  const byCode = isCode ? ifMade(matching(kinds, text) ?? (isConnect ? "refused" : "unknown"), syscall) : undefined
  const kind = matching(words, textOf(value, "message")) ?? byCode
  if (kind !== undefined) return { kind, code: isCode ? Option.some(text) : Option.none() }
  return Predicate.hasProperty(value, "cause") ? find(value.cause, isConnecting, depth + 1) : undefined
}

/** How a connection failed. Once the head of the answer has come, a lost connection has cut the body. */
export const classify = (error: HttpClientError.HttpClientError): Failure => {
  const { code, kind } = find(error.reason.cause) ?? { kind: "unknown", code: Option.none() }
  const isCut = error.response !== undefined && (kind === "reset" || kind === "unknown")
  return { kind: isCut ? "cut" : kind, code }
}
