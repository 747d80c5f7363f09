/**
 * Lists 100,000 installations over a loopback socket, page by page, and prints what that takes:
 *
 *     node --expose-gc test/simulator/figures/list.ts [installations]
 *
 * Client and server share the process; its memory is read after a garbage collection, so that the figures show what is held.
 */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { body, call, Page } from "../support/calls.ts"
import { appJwt } from "../support/jwt.ts"

const installations = Number(process.argv[2] ?? 100_000)
const limit = 50

const held = () => {
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return `heap ${(heapUsed / 1_048_576).toFixed(1)} MiB, rss ${(rss / 1_048_576).toFixed(0)} MiB`
}
const since = (start: number) => `${((performance.now() - start) / 1000).toFixed(2)} s`

const started = performance.now()
const program = Effect.gen(function* () {
  yield* Console.log(`world of ${installations} ready after ${since(started)}: ${held()}`)
  const seen = new Set<string>()
  const walk = performance.now()
  let jwt = yield* appJwt()
  for (let page = 0; ; page++) {
    const response = yield* call("GET", `/app/installations?limit=${limit}&page=${page}`, jwt)
    const { installations: items } = yield* body(Page)(response)
    for (const { id } of items) seen.add(id)
    if (items.length < limit) break
    if (page % 400 === 399) {
      jwt = yield* appJwt()
      yield* Console.log(`${String(seen.size).padStart(7)} listed, ${since(walk)}, ${held()}`)
    }
  }
  yield* Console.log(`${seen.size} different ids of ${installations} in ${since(walk)}: ${held()} (the ids included)`)
  yield* Schema.decodeUnknownEffect(Schema.Literal(installations))(seen.size)
})

program.pipe(
  Effect.provide(Layer.merge(Simulator.layerServer({ installations }), FetchHttpClient.layer)),
  NodeRuntime.runMain
)
