/** Posts a delivery to a program, once: as the registry does, nothing is repeated and no redirect is followed. */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"

/** There was no answer, and why, in a few words. */
export class NoAnswer extends Data.TaggedError("NoAnswer")<{ readonly why: string }> {}

/** What a program answered. */
export interface Answer {
  readonly status: number
  readonly millis: number
}

const patience = "30 seconds"

const headersOf = (signature: string | undefined) =>
  signature === undefined ? {} : { "x-icr-signature-256": signature }

/** The status, and how long it took. */
export const post = Effect.fnUntraced(
  function* (url: URL, body: Uint8Array, signature: string | undefined) {
    const client = yield* HttpClient.HttpClient
    const request = HttpClientRequest.post(url).pipe(
      HttpClientRequest.bodyUint8Array(body, "application/json"),
      HttpClientRequest.setHeaders(headersOf(signature))
    )
    const [took, { status }] = yield* Effect.timed(client.execute(request))
    return { status, millis: Math.round(Duration.toMillis(took)) } satisfies Answer
  },
  Effect.scoped,
  Effect.timeout(patience),
  Effect.mapError(
    (error) =>
      new NoAnswer({
        why: error._tag === "TimeoutError" ? `no answer within ${patience}` : "no connection, or cut off"
      })
  ),
  Effect.provide(FetchHttpClient.layer),
  Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" })
)
