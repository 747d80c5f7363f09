/** How much of an answer is read, and what a response then gives. */
import { schemaBodyJson } from "@effect-icr/app"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Schema, Stream } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { anyClient, failure, played, wireOver } from "./support/wire.ts"

const MiB = 1024 * 1024

/** A body without end, and how much of it was asked for. */
const endless = () => {
  const given = { bytes: 0, cancelled: false }
  const chunk = new Uint8Array(65_536).fill(32)
  const body = () =>
    new ReadableStream({
      pull: (controller) => {
        given.bytes += chunk.length
        controller.enqueue(chunk)
      },
      cancel: () => {
        given.cancelled = true
      }
    })
  return { body, given }
}

describe("the size of bodies", () => {
  const rows = [
    ["a success: 16 MiB", 200, {}, 16 * MiB],
    [
      "a success that unpacks to more than was announced",
      200,
      {},
      16 * MiB,
      { "content-encoding": "gzip", "content-length": "9" }
    ],
    ["an error: 1 MiB", 500, {}, MiB],
    ["a success, by option", 200, { maxBodyBytes: 200_000 }, 200_000],
    ["an error, by option", 404, { maxErrorBytes: 0 }, 0]
  ] as const
  for (const [name, status, options, limit, headers = {}] of rows) {
    it.effect(`${name}; what is beyond is not read, and the rest is given up`, () => {
      const { body, given } = endless()
      return Effect.gen(function* () {
        const reason = yield* failure(Effect.flatMap(anyClient, (client) => client.get("/things")))
        assert.isTrue(given.cancelled)
        assert.isTrue(given.bytes > limit && given.bytes < limit + 5 * 65_536, String(given.bytes))
        if (status === 200) {
          assert.strictEqual(reason._tag, "DecodeFailure")
          if (reason._tag === "DecodeFailure")
            assert.strictEqual(reason.expected, `expected a body of at most ${limit} bytes`)
        } else {
          assert.strictEqual(reason._tag, status === 500 ? "ServerError" : "NotFound")
        }
      }).pipe(
        Effect.provide(
          wireOver(played(() => Effect.sync(() => new Response(body(), { status, headers }))).layer, {
            ...options,
            retry: false
          })
        )
      )
    })
  }

  it.effect("a transport that lets a body outgrow its announced length does not get around the limit", () =>
    Effect.gen(function* () {
      const reason = yield* failure(Effect.flatMap(anyClient, (client) => client.get("/things")))
      assert.strictEqual(reason._tag, "DecodeFailure")
    }).pipe(
      Effect.provide(
        wireOver(
          played(() => Effect.sync(() => new Response("[".repeat(2000), { headers: { "content-length": "10" } })))
            .layer,
          { maxBodyBytes: 1000 }
        )
      )
    )
  )

  it.effect("exactly the limit is not too much", () =>
    Effect.gen(function* () {
      for (const headers of [{ "content-length": "1000" }, {}]) {
        const { layer } = played(() => Effect.sync(() => new Response(JSON.stringify("a".repeat(998)), { headers })))
        const text = yield* Effect.flatMap(anyClient, (client) => client.get("/things")).pipe(
          Effect.flatMap(schemaBodyJson(Schema.String)),
          Effect.provide(wireOver(layer, { maxBodyBytes: 1000 }))
        )
        assert.strictEqual(text.length, 998)
      }
    })
  )
})

describe("a body that is not there to be read as it comes", () => {
  const decoded = Effect.flatMap(anyClient, (client) => client.get("/things")).pipe(
    Effect.flatMap(schemaBodyJson(Schema.Struct({ a: Schema.Int })))
  )

  it.effect("since the program has read the stream of the response that it was handed", () =>
    Effect.gen(function* () {
      const response = yield* Effect.flatMap(anyClient, (client) => client.get("/things"))
      yield* Stream.runDrain(response.stream)
      const decode = schemaBodyJson(Schema.Struct({ a: Schema.Int }))
      assert.deepStrictEqual(yield* decode(response), { a: 1 })
    }).pipe(Effect.provide(wireOver(played(() => Effect.sync(() => Response.json({ a: 1 }))).layer)))
  )

  it.effect("since the program derives another response from the one that it was handed", () =>
    Effect.gen(function* () {
      const response = yield* Effect.flatMap(anyClient, (client) => client.get("/things"))
      const derived: HttpClientResponse.HttpClientResponse = Object.create(response, {
        text: { value: Effect.succeed('{"a":2}') }
      })
      assert.deepStrictEqual(yield* schemaBodyJson(Schema.Struct({ a: Schema.Int }))(derived), { a: 2 })
      const { message } = yield* Effect.flip(schemaBodyJson(Schema.String)(derived))
      assert.include(message, "Test.call")
    }).pipe(Effect.provide(wireOver(played(() => Effect.sync(() => Response.json({ a: 1 }))).layer)))
  )

  it.effect("since the program's own client has read it, to log it", () => {
    const texts: Array<string> = []
    const logging = HttpClient.transformResponse(
      Effect.tap((response: HttpClientResponse.HttpClientResponse) =>
        Effect.map(response.text, (text) => texts.push(text))
      )
    )
    const { layer } = played(() => Effect.sync(() => Response.json({ a: 1 })))
    const client = Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, logging))
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* decoded, { a: 1 })
      assert.deepStrictEqual(texts, ['{"a":1}'])
    }).pipe(Effect.provide(wireOver(Layer.provide(client, layer))))
  })

  it.effect("since the program's own client reads it in another way", () => {
    const decrypting = HttpClient.transformResponse(
      Effect.map((response: HttpClientResponse.HttpClientResponse): HttpClientResponse.HttpClientResponse =>
        Object.create(response, {
          headers: { value: { "content-length": "7" } },
          arrayBuffer: { value: Effect.succeed(new TextEncoder().encode('{"a":1}').buffer) }
        })
      )
    )
    const { layer } = played(() => Effect.sync(() => new Response("secret")))
    const client = Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, decrypting))
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* decoded, { a: 1 })
    }).pipe(Effect.provide(wireOver(Layer.provide(client, layer))))
  })

  it.effect("since it is a stream of another kind, as with node-fetch", () => {
    const foreign = () =>
      Object.defineProperty(Response.json({ a: 1 }, { headers: { "content-length": "7" } }), "body", {
        value: { locked: false }
      })
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* decoded, { a: 1 })
    }).pipe(Effect.provide(wireOver(played(() => Effect.sync(foreign)).layer)))
  })

  it.effect("since the runtime's responses have no streams", () => {
    const whole = () => Object.defineProperty(Response.json({ a: 1 }), "body", {})
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* decoded, { a: 1 })
    }).pipe(Effect.provide(wireOver(played(() => Effect.sync(whole)).layer)))
  })
})

describe("a response of appClient and installationClient", () => {
  const answered = (response: () => Response) => {
    const { layer } = played(() => Effect.sync(response))
    return Effect.flatMap(anyClient, (client) => client.get("/things")).pipe(Effect.provide(wireOver(layer)))
  }
  const thing = () => Response.json({ a: 1 }, { status: 201, headers: { "x-mine": "yes", "set-cookie": "c=1" } })

  it.effect("gives its body in every form, as often as one likes", () =>
    Effect.gen(function* () {
      const response = yield* answered(thing)
      assert.deepStrictEqual([response.status, response.headers["x-mine"]], [201, "yes"])
      assert.deepStrictEqual(yield* response.json, { a: 1 })
      assert.strictEqual(yield* response.text, '{"a":1}')
      assert.strictEqual((yield* response.arrayBuffer).byteLength, 7)
      assert.deepStrictEqual(yield* schemaBodyJson(Schema.Struct({ a: Schema.Int }))(response), { a: 1 })
      const streamed = yield* answered(thing)
      assert.strictEqual(yield* Stream.mkString(Stream.decodeText(streamed.stream)), '{"a":1}')
      assert.isTrue(Option.isNone(response.remoteAddress))
    })
  )

  it.effect("a decoding failure names the call it belongs to", () =>
    Effect.gen(function* () {
      const response = yield* answered(thing)
      const { reason } = yield* Effect.flip(schemaBodyJson(Schema.Struct({ a: Schema.String }))(response))
      assert.strictEqual(reason._tag, "DecodeFailure")
      if (reason._tag !== "DecodeFailure") return
      assert.deepStrictEqual([reason.operation, reason.at, reason.status], ["Test.call", "a", 201])
      assert.strictEqual(reason.expected, "expected string")
    })
  )

  it.effect("schemaBodyJson also takes responses that a program has wrapped or got elsewhere", () =>
    Effect.gen(function* () {
      const decode = schemaBodyJson(Schema.Struct({ a: Schema.Int }))
      const ours = yield* answered(thing)
      const wrapped: HttpClientResponse.HttpClientResponse = Object.create(ours, {
        request: { value: ours.request },
        headers: { value: ours.headers },
        status: { value: ours.status },
        arrayBuffer: { value: ours.arrayBuffer }
      })
      assert.deepStrictEqual(yield* decode(wrapped), { a: 1 })
      const foreign = HttpClientResponse.fromWeb(HttpClientRequest.get("/things/1"), new Response("{"))
      const { reason } = yield* Effect.flip(decode(foreign))
      assert.strictEqual(reason._tag, "DecodeFailure")
      if (reason._tag === "DecodeFailure") assert.strictEqual(reason.path, "/things/{id}")
    })
  )

  it.effect("a transport that refuses statuses by itself hides nothing", () => {
    const { layer } = played(() => Effect.sync(() => Response.json({ message: "it is gone" }, { status: 404 })))
    const refusing = Layer.effect(
      HttpClient.HttpClient,
      Effect.map(HttpClient.HttpClient, HttpClient.filterStatusOk)
    ).pipe(Layer.provide(layer))
    return Effect.gen(function* () {
      const reason = yield* failure(Effect.flatMap(anyClient, (client) => client.get("/things")))
      assert.strictEqual(reason._tag, "NotFound")
      assert.include(reason.message, "it is gone")
    }).pipe(Effect.provide(wireOver(refusing)))
  })
})
