/** `IcrHttp.layerTest`: what a double sees of a request, and everything it can answer. */
import { IcrConfig, IcrHttp, ServerClock } from "@effect-icr/app"
import type { TestRequest, TestResponse } from "@effect-icr/app/IcrHttp"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Ref, Stream } from "effect"
import { HttpBody } from "effect/http"
import { anyClient } from "./support/wire.ts"

const options = { retry: false } as const

describe("IcrHttp.layerTest", () => {
  const bodies: ReadonlyArray<readonly [name: string, body: HttpBody.HttpBody, seen: string]> = [
    ["none", HttpBody.empty, ""],
    ["a text", HttpBody.text("a text, é"), "a text, é"],
    ["JSON", HttpBody.jsonUnsafe({ a: 1 }), '{"a":1}'],
    ["a raw text", HttpBody.raw("raw"), "raw"],
    [
      "a stream",
      HttpBody.stream(Stream.make(new TextEncoder().encode("in "), new TextEncoder().encode("parts"))),
      "in parts"
    ]
  ]
  for (const [name, body, seen] of bodies) {
    it.effect(`shows the body of a request, and its host: ${name}`, () =>
      Effect.gen(function* () {
        const request = yield* Ref.make<TestRequest | undefined>(undefined)
        yield* Effect.flatMap(anyClient, (client) => client.post("/things?x=1", { body })).pipe(
          Effect.provide(IcrHttp.layerTest((given) => Effect.as(Ref.set(request, given), {}), options))
        )
        const given = yield* Ref.get(request)
        assert.deepStrictEqual(
          [given?.method, given?.host, given?.path, given?.body],
          ["POST", "localhost", "/things?x=1", seen]
        )
      })
    )
  }

  it.effect("answers what is no JSON", () =>
    Effect.gen(function* () {
      const client = yield* anyClient
      assert.strictEqual(yield* (yield* client.get("/things")).text, "<h1>Hello</h1>")
    }).pipe(Effect.provide(IcrHttp.layerTest(() => Effect.succeed({ text: "<h1>Hello</h1>" }), options)))
  )

  it.effect("fails the transport, with the runtime's code", () =>
    Effect.gen(function* () {
      const { reason } = yield* Effect.flip(Effect.flatMap(anyClient, (client) => client.get("/things")))
      assert.strictEqual(reason._tag, "Transport")
      if (reason._tag === "Transport") assert.strictEqual(reason.kind, "refused")
    }).pipe(Effect.provide(IcrHttp.layerTest(() => Effect.fail({ code: "ECONNREFUSED" }), options)))
  )

  it.effect("takes the program's configuration and clock where they are provided", () => {
    const answer: TestResponse = { headers: { date: "Thu, 01 Jan 1970 01:00:00 GMT" } }
    const hosts: Array<string> = []
    const http = IcrHttp.layerTest(
      ({ host }) =>
        Effect.sync(() => {
          hosts.push(host)
          return answer
        }),
      options
    )
    const config = IcrConfig.layerWith({ appId: "app-1", baseUrl: "https://registry.example:8443" })
    return Effect.gen(function* () {
      yield* Effect.flatMap(anyClient, (client) => client.get("/things"))
      assert.deepStrictEqual(hosts, ["registry.example:8443"])
      assert.isAbove(yield* (yield* ServerClock).offset, 3_000_000)
      assert.strictEqual((yield* IcrHttp).baseUrl, "https://registry.example:8443")
    }).pipe(Effect.provide(Layer.provideMerge(http, Layer.merge(config, ServerClock.layer))))
  })
})
