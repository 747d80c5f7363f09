/** Calls leave nothing behind on a signal that outlives them. */
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FetchHttpClient } from "effect/http"
import { badServer, head } from "./support/badServer.ts"
import { anyClient, wireOver } from "./support/wire.ts"

describe("200 calls under one signal", () => {
  for (const [name, transport] of Object.entries({
    fetch: FetchHttpClient.layer,
    undici: NodeHttpClient.layerUndici,
    "node:http": NodeHttpClient.layerNodeHttp
  })) {
    it.live(`leave no listener over ${name}`, () =>
      Effect.gen(function* () {
        const { port } = yield* badServer((socket) => socket.end(head("200 OK", ["content-length: 2"]) + "{}"))
        const { signal } = new AbortController()
        let listeners = 0
        const add = signal.addEventListener.bind(signal)
        const remove = signal.removeEventListener.bind(signal)
        Object.assign(signal, {
          addEventListener: (...args: Parameters<typeof add>) => {
            listeners++
            add(...args)
          },
          removeEventListener: (...args: Parameters<typeof remove>) => {
            listeners--
            remove(...args)
          }
        })
        const calls = Effect.flatMap(anyClient, (client) =>
          Effect.forEach(Array.from({ length: 200 }), () => client.get("/x"), { discard: true, concurrency: 20 })
        ).pipe(Effect.provide(wireOver(transport, {}, `http://127.0.0.1:${port}`)))
        yield* Effect.promise(() => Effect.runPromise(calls, { signal }))
        assert.isAtMost(listeners, 1)
      })
    )
  }
})
