/** Counts what really goes out, beneath everything of ours: retries and token exchanges included. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"

/** Requests by method and path, ids left out. */
export class RequestCounts extends Context.Service<RequestCounts, Ref.Ref<ReadonlyMap<string, number>>>()(
  "examples/RequestCounts"
) {
  static readonly layer = Layer.effect(RequestCounts, Ref.make<ReadonlyMap<string, number>>(new Map()))
}

const template = (url: string) => new URL(url).pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "{id}")

/** The `HttpClient` beneath, counted. */
export const countRequests = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function* () {
    const counts = yield* RequestCounts
    return HttpClient.tapRequest(yield* HttpClient.HttpClient, ({ method, url }) => {
      const name = `${method} ${template(url)}`
      return Ref.update(counts, (map) => new Map(map).set(name, (map.get(name) ?? 0) + 1))
    })
  })
)
