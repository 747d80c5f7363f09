import * as KeyValueTokenStore from "@effect-icr/app/KeyValueTokenStore"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { TokenStore } from "@effect-icr/app/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Option, Redacted } from "effect"
import { KeyValueStore } from "effect/persistence"
import { randomBytes } from "node:crypto"
import { captured, idOf, makeRegistry, reasonOf, textOf } from "../support/registry.ts"
import { inProcess } from "../support/tokenStore.ts"
import { ask, key } from "./support/tokenCache.ts"

describe("a token store over a KeyValueStore", () => {
  const keys = Redacted.make(randomBytes(32).toString("base64"))

  /** The values as they lie in the storage. */
  const makeStorage = () => {
    const values = new Map<string, string>()
    const layer = Layer.succeed(
      KeyValueStore.KeyValueStore,
      KeyValueStore.makeStringOnly({
        get: (key) => Effect.sync(() => values.get(key)),
        set: (key, value) => Effect.sync(() => void values.set(key, value)),
        remove: (key) => Effect.sync(() => void values.delete(key)),
        clear: Effect.sync(() => values.clear()),
        size: Effect.sync(() => values.size),
        keys: Effect.sync(() => [...values.keys()])
      })
    )
    return { values, layer }
  }
  const storeIn = (storage: ReturnType<typeof makeStorage>, options: KeyValueTokenStore.Options) => ({
    layer: Layer.orDie(KeyValueTokenStore.layerWith(options)).pipe(Layer.provide(storage.layer))
  })

  it.effect("keeps tokens from one process to the next, sealed", () => {
    const registry = makeRegistry()
    const storage = makeStorage()
    return Effect.gen(function* () {
      yield* inProcess(registry, storeIn(storage, { keys }), ask)
      assert.strictEqual(textOf(yield* inProcess(registry, storeIn(storage, { keys }), ask)), "crs_1")
      assert.deepStrictEqual([...storage.values.keys()], [`icr-token:${key}`])
      const [value = ""] = storage.values.values()
      assert.match(value, /^icr1\.[0-9a-f]{8}\.[\w-]+$/)
    })
  })

  it.effect("keeps plain text only when asked for by name", () => {
    const registry = makeRegistry()
    const storage = makeStorage()
    return Effect.gen(function* () {
      yield* inProcess(registry, storeIn(storage, { plainText: true }), ask)
      assert.include([...storage.values.values()].join(), "crs_1")
      assert.strictEqual(textOf(yield* inProcess(registry, storeIn(storage, { plainText: true }), ask)), "crs_1")
      // Sealing from now on: the plain entry is a miss.
      assert.strictEqual(textOf(yield* inProcess(registry, storeIn(storage, { keys }), ask)), "crs_2")
    })
  })

  it.effect("takes an entry moved to another installation for a miss", () => {
    const registry = makeRegistry()
    const storage = makeStorage()
    return Effect.gen(function* () {
      yield* inProcess(registry, storeIn(storage, { keys }), ask)
      const [value = ""] = storage.values.values()
      storage.values.set(`icr-token:${key.replace("acme", "other")}`, value)
      const other = Effect.flatMap(TokenCache, (cache) => cache.installationToken(idOf("other")))
      const token = yield* inProcess(registry, storeIn(storage, { keys }), other)
      assert.strictEqual(token.installationId, "other")
      assert.strictEqual(textOf(token), "crs_2")
    })
  })

  it.effect("does not replace a token by one that ends earlier", () => {
    const storage = makeStorage()
    return Effect.gen(function* () {
      const store = yield* TokenStore
      const entry = (value: string, expiresAt: number) => ({ value: Redacted.make(value), expiresAt })
      yield* store.set("k", entry("late", 2000), Duration.seconds(2))
      yield* store.set("k", entry("early", 1000), Duration.seconds(1))
      const kept = Option.getOrUndefined(yield* store.get("k"))
      assert.strictEqual(kept === undefined ? "" : Redacted.value(kept.value), "late")
      assert.strictEqual(kept?.expiresAt, 2000)
    }).pipe(Effect.provide(storeIn(storage, { keys }).layer))
  })

  it.effect("fails when it is built, with the reason, without a usable key", () =>
    Effect.gen(function* () {
      const build = Layer.build(
        KeyValueTokenStore.layerWith({ keys: Redacted.make("short") }).pipe(Layer.provide(KeyValueStore.layerMemory))
      )
      assert.strictEqual((yield* reasonOf(Effect.scoped(build)))._tag, "Configuration")
    })
  )

  it.effect("tells of a failing storage without its words, which may quote what was written", () => {
    const registry = makeRegistry()
    const log = captured()
    const broken = () =>
      Effect.fail(new KeyValueStore.KeyValueStoreError({ method: "set", message: "cannot write crs_1" }))
    const storage = {
      values: new Map<string, string>(),
      layer: Layer.succeed(
        KeyValueStore.KeyValueStore,
        KeyValueStore.makeStringOnly({
          get: broken,
          set: broken,
          remove: broken,
          clear: Effect.void,
          size: Effect.succeed(0),
          keys: Effect.succeed([])
        })
      )
    }
    return Effect.gen(function* () {
      assert.strictEqual(textOf(yield* inProcess(registry, storeIn(storage, { keys }), ask)), "crs_1")
      assert.isAtLeast(log.lines.length, 2)
      assert.notInclude(log.lines.join(), "crs_1")
    }).pipe(Effect.provide(log.layer))
  })
})
