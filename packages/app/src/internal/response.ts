import * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import { pipeArguments } from "effect/Pipeable"
import type { CallInfo } from "./answers.ts"
import type { RawAnswer } from "./attempt.ts"

const withoutBody = new Set([204, 205, 304])

/**
 * A response whose body has been read. `schemaBodyJson` takes the bytes as they are; for every other use a web response
 * over them is made, which costs more than all the rest of a call.
 */
export class ReadResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpClientResponse.TypeId] = HttpClientResponse.TypeId
  readonly [HttpIncomingMessage.TypeId] = HttpIncomingMessage.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly remoteAddress = Option.none<string>()
  #answer: RawAnswer
  #info: CallInfo
  #web: HttpClientResponse.HttpClientResponse | undefined

  constructor(request: HttpClientRequest.HttpClientRequest, answer: RawAnswer, info: CallInfo) {
    super()
    this.request = request
    this.#answer = answer
    this.#info = info
  }

  /** The answer and the call it belongs to, when the response is one of ours. */
  static parts(response: HttpClientResponse.HttpClientResponse) {
    return #answer in response ? { answer: response.#answer, info: response.#info } : undefined
  }

  get status() {
    return this.#answer.status
  }
  get headers() {
    return this.#answer.headers
  }
  get web() {
    const { bytes, headers, status } = this.#answer
    this.#web ??= HttpClientResponse.fromWeb(
      this.request,
      new Response(withoutBody.has(status) ? null : bytes.slice(), { status, headers })
    )
    return this.#web
  }
  get url() {
    return this.web.url
  }
  get cookies() {
    return this.web.cookies
  }
  get json() {
    return this.web.json
  }
  get text() {
    return this.web.text
  }
  get urlParamsBody() {
    return this.web.urlParamsBody
  }
  get arrayBuffer() {
    return this.web.arrayBuffer
  }
  get stream() {
    return this.web.stream
  }
  get formData() {
    return this.web.formData
  }
  get upgrade() {
    return this.web.upgrade
  }
  toJSON() {
    return this.web.toJSON()
  }
  pipe() {
    return pipeArguments(this, arguments)
  }
}
