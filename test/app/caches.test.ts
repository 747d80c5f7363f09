/** A `fetch` that keeps answers: exchanges pass it by, and what it repeats teaches no time. */
import { IcrHttp, ServerClock } from "@effect-icr/app"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { assert, describe, it, vi } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { anyClient, credential, played, wireOver } from "./support/wire.ts"

const exchange = Effect.flatMap(IcrHttp, (http) =>
  http.call({
    operation: "Test.exchange",
    method: "POST",
    path: "/app/accessTokens",
    credential,
    idempotent: true,
    isExchange: true,
    success: Schema.Unknown
  })
)
const read = Effect.flatMap(anyClient, (client) => client.get("/things"))

/** What `fetch` is given: its `cache`, and the header. */
const asked = (own: RequestInit = {}) => {
  const inits: Array<readonly [cache: string | undefined, header: string | null]> = []
  const fetch: typeof globalThis.fetch = (_url, init) => {
    inits.push([init?.cache, new Headers(init?.headers).get("cache-control")])
    return Promise.resolve(Response.json({}))
  }
  const layer = wireOver(
    FetchHttpClient.layer.pipe(
      Layer.provide([Layer.succeed(FetchHttpClient.Fetch, fetch), Layer.succeed(FetchHttpClient.RequestInit, own)])
    )
  )
  return { inits, layer }
}

describe("requests and caches", () => {
  for (const own of [{}, { cache: "force-cache" }] as const) {
    it.effect(`an exchange is asked for past every cache, a read as the program says: ${JSON.stringify(own)}`, () => {
      const { inits, layer } = asked(own)
      return Effect.gen(function* () {
        yield* exchange
        yield* read
        assert.deepStrictEqual(inits, [
          ["no-store", "no-store"],
          ["cache" in own ? own.cache : undefined, null]
        ])
      }).pipe(Effect.provide(layer))
    })
  }

  it.effect("a runtime that does not know the option gets the header only", () => {
    const { inits, layer } = asked()
    return Effect.gen(function* () {
      vi.stubGlobal("Request", function (_url: string, init: RequestInit) {
        if ("cache" in init) throw new Error("The 'cache' field on 'RequestInitializerDict' is not implemented.")
      })
      const context = yield* Layer.build(layer)
      vi.unstubAllGlobals()
      yield* Effect.provide(exchange, context)
      assert.deepStrictEqual(inits, [[undefined, "no-store"]])
    })
  })
})

describe("the Date of an answer", () => {
  /** What the clock is told of. */
  const observing = (headers: Record<string, string>) => {
    const seen: Array<readonly [date: string, isExchange: boolean | undefined]> = []
    const clock = Layer.succeed(ServerClock, {
      offset: Effect.succeed(0),
      now: Effect.succeed(0),
      observe: (date, _sentAt, _receivedAt, options) => Effect.sync(() => void seen.push([date, options?.isExchange]))
    })
    const layer = IcrHttp.layer.pipe(
      Layer.provide([
        played(() => Effect.sync(() => Response.json({}, { headers }))).layer,
        clock,
        IcrConfig.layerWith({ appId: "app-1", baseUrl: "http://localhost" })
      ])
    )
    return Effect.as(Effect.provide(Effect.all([read, exchange, read, exchange]), layer), seen)
  }
  const date = "Thu, 01 Jan 1970 00:00:00 GMT"

  it.effect("of an exchange is told as such, every time; of reads once for each second", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* observing({ date }), [
        [date, false],
        [date, true],
        [date, true]
      ])
    })
  )

  for (const age of ["0", "1", "5000", "what"]) {
    it.effect(`of a read with an Age of ${age} is not`, () =>
      Effect.gen(function* () {
        const seen = yield* observing({ date, age })
        assert.deepStrictEqual(
          seen.map(([, isExchange]) => isExchange),
          Number(age) > 0 ? [] : [true, true]
        )
      })
    )
  }
})
