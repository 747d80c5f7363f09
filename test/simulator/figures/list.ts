/**
 * Lists 100,000 installations over a loopback socket, twice: page by page with a bare HTTP client, and through the client's
 * stream. Prints what that takes:
 *
 *     node --expose-gc test/simulator/figures/list.ts [installations]
 *
 * Client and server share the process; its memory is read after a garbage collection, so that the figures show what is held.
 */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Schema, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { body, call, Page } from "../support/calls.ts"
import { appJwt } from "../support/jwt.ts"

const installations = Number(process.argv[2] ?? 100_000)
const limit = 50
const lines = 5

const held = () => {
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return `heap ${(heapUsed / 1_048_576).toFixed(1)} MiB, rss ${(rss / 1_048_576).toFixed(0)} MiB`
}
const since = (start: number) => `${((performance.now() - start) / 1000).toFixed(2)} s`

const report = (start: number, listed: number) =>
  listed % Math.ceil(installations / lines) === 0
    ? Console.log(`${String(listed).padStart(9)} listed, ${since(start)}, ${held()}`)
    : Effect.void

const all = Schema.decodeUnknownEffect(Schema.Literal(installations))

const raw = Effect.gen(function* () {
  const start = performance.now()
  const jwt = yield* appJwt()
  let listed = 0
  for (let page = 0; ; page++) {
    const response = yield* call("GET", `/app/installations?limit=${limit}&page=${page}`, jwt)
    const items = (yield* body(Page)(response)).installations.length
    listed += items
    if (items < limit) break
    yield* report(start, listed)
  }
  yield* all(listed)
})

const streamed = Effect.gen(function* () {
  const start = performance.now()
  const app = yield* IcrApp
  let listed = 0
  yield* app.installations.pipe(
    Stream.runForEach(() => {
      listed++
      return report(start, listed)
    })
  )
  yield* all(listed)
})

const client = Layer.unwrap(
  Effect.map(Simulator, ({ app, baseUrl }) =>
    IcrApp.layerWith({ appId: app.appId, privateKey: app.privateKey, baseUrl })
  )
)

const started = performance.now()
Effect.gen(function* () {
  yield* Console.log(`world of ${installations} ready after ${since(started)}: ${held()}`)
  yield* Console.log("page by page")
  yield* raw
  yield* Console.log("through the client's stream")
  yield* streamed
}).pipe(
  Effect.provide(
    client.pipe(Layer.provideMerge(Layer.merge(Simulator.layerServerWith({ installations }), FetchHttpClient.layer)))
  ),
  NodeRuntime.runMain
)
