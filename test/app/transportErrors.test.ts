/** What failures of the transport become. */
import type { IcrReason } from "@effect-icr/app"
import { IcrError } from "@effect-icr/app"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest } from "effect/http"
import { anyClient, failure, played, wireOver } from "./support/wire.ts"

describe("a lost connection, by the code that the runtime gives", () => {
  const worded = (code: string, message: string) => Object.assign(new Error(message), { code })
  const coded = (code: string) => worded(code, "no")
  const rows: ReadonlyArray<readonly [cause: unknown, kind: IcrReason.TransportKind, code?: string]> = [
    [coded("ENOTFOUND"), "dns", "ENOTFOUND"],
    [coded("EAI_AGAIN"), "dns", "EAI_AGAIN"],
    [coded("ECONNREFUSED"), "refused", "ECONNREFUSED"],
    [coded("EHOSTUNREACH"), "refused", "EHOSTUNREACH"],
    [coded("ConnectionRefused"), "refused", "ConnectionRefused"],
    [coded("ECONNRESET"), "reset", "ECONNRESET"],
    [coded("EPIPE"), "reset", "EPIPE"],
    [coded("UND_ERR_SOCKET"), "reset", "UND_ERR_SOCKET"],
    [coded("DEPTH_ZERO_SELF_SIGNED_CERT"), "tls", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    [coded("CERT_HAS_EXPIRED"), "tls", "CERT_HAS_EXPIRED"],
    [coded("ERR_TLS_CERT_ALTNAME_INVALID"), "tls", "ERR_TLS_CERT_ALTNAME_INVALID"],
    [coded("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "tls", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    [coded("ERR_SSL_WRONG_VERSION_NUMBER"), "tls", "ERR_SSL_WRONG_VERSION_NUMBER"],
    [coded("ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"), "tls", "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"],
    [
      worded("EPROTO", "write EPROTO 00:error:0A00010B:SSL routines:ssl3_get_record:wrong version number"),
      "tls",
      "EPROTO"
    ],
    // A request may have been sent before these.
    [coded("ERR_SSL_BAD_RECORD_TYPE"), "reset", "ERR_SSL_BAD_RECORD_TYPE"],
    [coded("ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC"), "reset", "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC"],
    [coded("ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR"), "reset", "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR"],
    [Object.assign(coded("EPROTO"), { syscall: "write" }), "reset", "EPROTO"],
    [Object.assign(coded("EHOSTUNREACH"), { syscall: "read" }), "reset", "EHOSTUNREACH"],
    [Object.assign(coded("ENETUNREACH"), { syscall: "read" }), "reset", "ENETUNREACH"],
    [Object.assign(coded("ENETDOWN"), { syscall: "write" }), "reset", "ENETDOWN"],
    [new TypeError("fetch failed", { cause: coded("ECONNREFUSED") }), "refused", "ECONNREFUSED"],
    [new TypeError("failed", { cause: new AggregateError([coded("ECONNREFUSED")]) }), "refused", "ECONNREFUSED"],
    [coded("ENETUNREACH"), "refused", "ENETUNREACH"],
    [coded("EADDRNOTAVAIL"), "refused", "EADDRNOTAVAIL"],
    [coded("EMFILE"), "refused", "EMFILE"],
    [coded("ENFILE"), "refused", "ENFILE"],
    [coded("UND_ERR_CONNECT_TIMEOUT"), "refused", "UND_ERR_CONNECT_TIMEOUT"],
    [coded("ERR_SOCKET_CONNECTION_TIMEOUT"), "refused", "ERR_SOCKET_CONNECTION_TIMEOUT"],
    [coded("FailedToOpenSocket"), "refused", "FailedToOpenSocket"],
    [coded("UND_ERR_PRX_TLS"), "tls", "UND_ERR_PRX_TLS"],
    [coded("ERR_PROXY_TUNNEL"), "refused", "ERR_PROXY_TUNNEL"],
    [Object.assign(coded("ETIMEDOUT"), { syscall: "connect" }), "refused", "ETIMEDOUT"],
    [Object.assign(coded("EACCES"), { syscall: "connect" }), "refused", "EACCES"],
    [coded("ETIMEDOUT"), "unknown", "ETIMEDOUT"],
    [coded("UND_ERR_HEADERS_TIMEOUT"), "unknown", "UND_ERR_HEADERS_TIMEOUT"],
    // Every address of the host was tried in vain.
    [
      Object.assign(new AggregateError([coded("ETIMEDOUT"), coded("ENETUNREACH")]), { code: "ETIMEDOUT" }),
      "refused",
      "ETIMEDOUT"
    ],
    [new AggregateError([coded("ECONNREFUSED"), coded("ECONNRESET")]), "reset", "ECONNRESET"],
    // Here the code tells less than the words.
    [
      new TypeError("fetch failed", {
        cause: worded("ECONNRESET", "Client network socket disconnected before secure TLS connection was established")
      }),
      "tls",
      "ECONNRESET"
    ],
    ...[407, 403, 502].map(
      (status) =>
        [
          worded("UND_ERR_ABORTED", `Proxy response (${status}) !== 200 when HTTP Tunneling`),
          "refused",
          "UND_ERR_ABORTED"
        ] as const
    ),
    [worded("ECONNRESET", "tunneling socket could not be established, statusCode=407"), "refused", "ECONNRESET"],
    [coded("UND_ERR_PRX_CONN"), "refused", "UND_ERR_PRX_CONN"],
    [coded("UND_ERR_SOCKS5_AUTH_FAILED"), "refused", "UND_ERR_SOCKS5_AUTH_FAILED"],
    [worded("UND_ERR_ABORTED", "Request aborted"), "unknown", "UND_ERR_ABORTED"],
    // Deno gives words only.
    [new TypeError("error sending request for url (http://x/): client error (Connect): tcp connect error"), "refused"],
    [
      new TypeError("error sending request for url (http://x/): client error (Connect): dns error: failed to lookup"),
      "dns"
    ],
    [new TypeError("error sending request: client error (Connect): invalid peer certificate: UnknownIssuer"), "tls"],
    [
      new TypeError(
        "error sending request: client error (Connect): received corrupt message of type InvalidContentType"
      ),
      "tls"
    ],
    [new TypeError("error sending request: client error (SendRequest): connection closed"), "unknown"],
    [new TypeError("fetch failed"), "unknown"],
    [coded("not a code, but words: crs_0123456789abcdef"), "unknown"],
    ["a text", "unknown"],
    [undefined, "unknown"]
  ]
  for (const [cause, kind, code] of rows) {
    it.effect(`${kind}: ${code ?? String(cause)}`, () =>
      Effect.gen(function* () {
        const reason = yield* failure((yield* anyClient).get("/things"))
        assert.strictEqual(reason._tag, "Transport")
        if (reason._tag !== "Transport") return
        assert.deepStrictEqual([reason.kind, reason.code], [kind, Option.fromUndefinedOr(code)])
        assert.isTrue(reason.isRetryable)
        assert.isFalse(reason.mayHaveHappened)
        const written = yield* failure((yield* anyClient).post("/things"))
        const wasConnected = kind === "reset" || kind === "unknown"
        assert.strictEqual(new IcrError({ reason: written }).mayHaveHappened, wasConnected)
      }).pipe(
        Effect.provide(
          wireOver(
            played((_, request) =>
              Effect.fail(
                new HttpClientError.HttpClientError({
                  reason: new HttpClientError.TransportError({ request, cause })
                })
              )
            ).layer
          )
        )
      )
    )
  }
})

describe("a transport that throws", () => {
  const bug = new Error("not ours")
  const transports: Readonly<Record<string, () => Effect.Effect<never, HttpClientError.HttpClientError>>> = {
    "while it sends": () => Effect.die(bug),
    "before it sends": () => {
      throw bug
    }
  }
  for (const [when, execute] of Object.entries(transports)) {
    it.effect(`${when} is a Transport failure, after which a write may have happened`, () =>
      Effect.gen(function* () {
        const { reason } = yield* Effect.flip((yield* anyClient).post("/things"))
        assert.strictEqual(reason._tag, "Transport")
        assert.isTrue(new IcrError({ reason }).mayHaveHappened)
        assert.notInclude(reason.message, bug.message)
      }).pipe(
        Effect.provide(
          wireOver(
            Layer.succeed(
              HttpClient.HttpClient,
              HttpClient.makeWith(Effect.flatMap(execute), Effect.succeed<HttpClientRequest.HttpClientRequest>)
            )
          )
        )
      )
    )
  }
})
