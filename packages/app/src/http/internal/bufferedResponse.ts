/** The responses that clients hand out: Effect's own, over a body that has been read. */
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import type { CallInfo } from "../../errors/internal/fields.ts"
import type { Answer } from "./request.ts"

const TypeId = "~@effect-icr/app/http/BufferedResponse"

/** The call that a response answers, so that a decoding failure can name it, and the body that was read. */
export interface Buffered {
  readonly call: CallInfo
  readonly bytes: Uint8Array
}

/** Effect's response, which also has what was read. */
export interface BufferedResponse extends HttpClientResponse.HttpClientResponse {
  readonly [TypeId]: Buffered
}

const withoutBody = new Set([204, 205, 304])

/** A web response. `Response` refuses a body for some statuses. */
export const webResponse = (
  status: number,
  headers: { readonly [name: string]: string },
  body: string | Uint8Array<ArrayBuffer> | undefined
) => new Response(body === undefined || withoutBody.has(status) ? null : body, { status, headers })

/** A response over the body that has been read. */
export const bufferedResponse = (
  request: HttpClientRequest.HttpClientRequest,
  { bytes, headers, status }: Answer,
  info: CallInfo
): BufferedResponse =>
  Object.assign(HttpClientResponse.fromWeb(request, webResponse(status, headers, bytes)), {
    [TypeId]: { call: info, bytes }
  })

/** The call that a response answers, when the response is one of ours. */
export const callOf = (response: HttpClientResponse.HttpClientResponse | BufferedResponse): CallInfo | undefined =>
  TypeId in response ? response[TypeId].call : undefined

/** The body of a response of ours; not of one that is derived from it, whose `text` may be another. */
export const bytesOf = (response: HttpClientResponse.HttpClientResponse | BufferedResponse): Uint8Array | undefined =>
  Object.hasOwn(response, TypeId) && TypeId in response ? response[TypeId].bytes : undefined
