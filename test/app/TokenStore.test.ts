import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { type Entry, type Service, TokenStore, TokenStoreError } from "@effect-icr/app/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Logger, Option, Redacted, type Scope } from "effect"
import { KeyValueStore } from "effect/persistence"
import { TestClock } from "effect/testing"
import { randomBytes } from "node:crypto"
import { appOver, idOf, makeRegistry, reasonOf, refusal, started, textOf, times } from "../support/registry.ts"

const acme = idOf("acme")
const hour = 3_600_000
const minute = 60_000
const key = "test@http://localhost/installations/acme"

interface Calls {
  readonly entries: Map<string, Entry>
  readonly log: Array<string>
}

/** A store that remembers what it was asked; `over` replaces parts of it. */
const makeStore = (over: Partial<Service> = {}) => {
  const calls: Calls = { entries: new Map(), log: [] }
  const { entries, log } = calls
  const noted = <A, E, R>(line: string, effect: Effect.Effect<A, E, R>) =>
    Effect.andThen(
      Effect.sync(() => void log.push(line)),
      effect
    )
  const service = TokenStore.of({
    get: (key) =>
      noted(
        `get ${key}`,
        Effect.sync(() => Option.fromUndefinedOr(entries.get(key)))
      ),
    set: (key, entry, timeToLive) =>
      noted(
        `set ${key} ${Duration.toMillis(timeToLive)}`,
        Effect.sync(() => void entries.set(key, entry))
      ),
    remove: (key) =>
      noted(
        `remove ${key}`,
        Effect.sync(() => void entries.delete(key))
      ),
    lease: (key) => noted(`lease ${key}`, Effect.succeed(false)),
    ...over
  })
  return { ...calls, layer: Layer.succeed(TokenStore, service) }
}

type Store = ReturnType<typeof makeStore>
const sharing = (registry: ReturnType<typeof makeRegistry>, { layer }: Pick<Store, "layer">) =>
  appOver(registry).pipe(Layer.provide(layer))

/** One process after another: each with a cache of its own over the same store. */
const process = <A, E>(
  registry: ReturnType<typeof makeRegistry>,
  store: Pick<Store, "layer">,
  work: Effect.Effect<A, E, TokenCache | IcrApp | Scope.Scope>
) => Effect.scoped(Effect.provide(work, Layer.fresh(sharing(registry, store))))

const ask = Effect.flatMap(TokenCache, (cache) => cache.installationToken(acme))

const captured = () => {
  const lines: Array<string> = []
  return { lines, layer: Logger.layer([Logger.make(({ message }) => void lines.push([message].flat().join(" ")))]) }
}

describe("a token store", () => {
  it.effect("is read before minting and written after, with the remaining life", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* process(registry, store, ask)
      assert.deepStrictEqual(store.log, [`get ${key}`, `lease ${key}`, `set ${key} ${2 * hour}`])
      yield* TestClock.adjust(hour)
      assert.strictEqual(textOf(yield* process(registry, store, ask)), "crs_1")
      assert.strictEqual(registry.exchanges, 1)
    })
  })

  it.effect("is asked once for any number of callers, and not at all for a cached token", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return process(
      registry,
      store,
      Effect.gen(function* () {
        yield* times(100, ask)
        yield* times(100, ask)
        assert.strictEqual(store.log.length, 3)
      })
    )
  })

  it.effect("gives a token that is still judged by its own end (D2)", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* process(registry, store, ask)
      yield* TestClock.adjust(hour)
      yield* process(
        registry,
        store,
        Effect.gen(function* () {
          assert.strictEqual(textOf(yield* ask), "crs_1")
          yield* TestClock.adjust(hour)
          assert.strictEqual(textOf(yield* ask), "crs_2")
        })
      )
    })
  })

  it.effect("with an expired entry is a miss", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* process(registry, store, ask)
      yield* TestClock.adjust(2 * hour)
      assert.strictEqual(textOf(yield* process(registry, store, ask)), "crs_2")
    })
  })

  for (const [name, text] of [
    ["no JSON", "{"],
    ["another shape", '{"token":1}'],
    ["nothing", ""]
  ] as const) {
    it.effect(`with a corrupt entry (${name}) is a miss`, () => {
      const registry = makeRegistry()
      const store = makeStore()
      store.entries.set(key, { value: Redacted.make(text), expiresAt: 9e12 })
      return Effect.gen(function* () {
        assert.strictEqual(textOf(yield* process(registry, store, ask)), "crs_1")
        assert.strictEqual(textOf(yield* process(registry, store, ask)), "crs_1")
      })
    })
  }

  const error = (operation: string) => new TokenStoreError({ operation, detail: "connection lost" })
  for (const [name, failing] of [
    ["fails", (operation: string) => Effect.fail(error(operation))],
    ["has a defect", () => Effect.die(new Error("crs_secret in a bug"))],
    ["never answers", () => Effect.never]
  ] as const) {
    it.effect(`that ${name} never fails a call: it is warned of, and the token minted`, () => {
      const registry = makeRegistry()
      const log = captured()
      const store = makeStore({
        get: () => failing("get"),
        set: () => failing("set"),
        remove: () => failing("remove"),
        lease: () => failing("lease")
      })
      return process(
        registry,
        store,
        Effect.gen(function* () {
          const app = yield* IcrApp
          const caller = yield* started(ask)
          yield* TestClock.adjust(minute)
          assert.strictEqual(textOf(yield* Fiber.join(caller)), "crs_1")
          const revoking = yield* started(app.revokeInstallationToken(acme))
          yield* TestClock.adjust(minute)
          yield* Fiber.join(revoking)
          assert.isAtLeast(log.lines.length, 3)
          assert.isTrue(log.lines.every((line) => line.startsWith("The token store failed")))
          assert.notInclude(log.lines.join("\n"), "crs_")
        })
      ).pipe(Effect.provide(log.layer))
    })
  }

  it.effect("has keys that name app, registry and installation, and contain no secret", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* process(
        registry,
        store,
        Effect.andThen(
          ask,
          Effect.flatMap(TokenCache, (cache) => cache.appToken())
        )
      )
      assert.deepStrictEqual([...store.entries.keys()], [key, "test@http://localhost/app"])
    })
  })

  it.effect("gives no older token to a forced refresh, nor a shorter one than minimumValidity asks for", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* process(registry, store, ask)
      yield* TestClock.adjust(hour)
      const long = Effect.flatMap(TokenCache, (cache) => cache.installationToken(acme, { minimumValidity: hour + 1 }))
      assert.strictEqual(textOf(yield* process(registry, store, long)), "crs_2")
      const forced = Effect.flatMap(TokenCache, (cache) => cache.installationToken(acme, { forceRefresh: true }))
      assert.strictEqual(textOf(yield* process(registry, store, forced)), "crs_3")
    })
  })

  it.effect("does not let a picky caller who joined a plain one off with the stored token", () => {
    const registry = makeRegistry()
    const store = makeStore()
    const slow = makeStore({
      get: (key) =>
        Effect.delay(
          Effect.sync(() => Option.fromUndefinedOr(store.entries.get(key))),
          1000
        )
    })
    return Effect.gen(function* () {
      yield* process(registry, store, ask)
      yield* TestClock.adjust(hour)
      yield* process(
        registry,
        slow,
        Effect.gen(function* () {
          const cache = yield* TokenCache
          const plain = yield* started(ask)
          const picky = yield* started(cache.installationToken(acme, { minimumValidity: hour + 1 }))
          const forced = yield* started(cache.installationToken(acme, { forceRefresh: true }))
          yield* TestClock.adjust(5000)
          assert.strictEqual(textOf(yield* Fiber.join(plain)), "crs_1")
          assert.notStrictEqual(textOf(yield* Fiber.join(picky)), "crs_1")
          assert.notStrictEqual(textOf(yield* Fiber.join(forced)), "crs_1")
        })
      )
    })
  })

  it.effect("does not bring back a token that was refused, nor wait for it as for a fresh one", () => {
    const registry = makeRegistry()
    const store = makeStore()
    registry.answer = (token) => (token === "crs_1" ? refusal(401, "Access token is invalid") : undefined)
    const read = Effect.flatMap(IcrApp, (app) => app.installationClient(acme).get("/projects"))
    return Effect.gen(function* () {
      yield* process(registry, store, ask)
      yield* TestClock.adjust(minute)
      assert.strictEqual((yield* process(registry, store, read)).status, 200)
      assert.strictEqual(textOf(yield* process(registry, store, ask)), "crs_2")
    })
  })

  it.effect("loses a refused token, but not the newer one of another process", () => {
    const registry = makeRegistry()
    const store = makeStore()
    registry.answer = (token) => (token === "crs_1" ? refusal(401, "Access token is invalid") : undefined)
    const post = Effect.flatMap(IcrApp, (app) => app.installationClient(acme).post("/projects"))
    return Effect.gen(function* () {
      yield* process(
        registry,
        store,
        Effect.gen(function* () {
          yield* ask
          yield* TestClock.adjust(minute)
          const forced = Effect.flatMap(TokenCache, (cache) => cache.installationToken(acme, { forceRefresh: true }))
          yield* process(registry, store, forced)
          yield* Effect.flip(post)
          assert.strictEqual(textOf(yield* ask), "crs_2")
        })
      )
      assert.strictEqual(registry.exchanges, 2)
    })
  })

  it.effect("does not bring back a revoked token, even when it could not be removed", () => {
    const registry = makeRegistry()
    const store = makeStore({ remove: () => Effect.fail(error("remove")) })
    return process(
      registry,
      store,
      Effect.gen(function* () {
        const app = yield* IcrApp
        yield* app.installationToken(acme)
        yield* app.revokeInstallationToken(acme)
        assert.deepStrictEqual(registry.requests, ["DELETE /app/installations/token crs_1"])
        assert.strictEqual(textOf(yield* app.installationToken(acme)), "crs_2")
      })
    ).pipe(Effect.provide(Logger.layer([])))
  })

  it.effect("is what a process revokes from that has not asked yet", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* process(registry, store, ask)
      yield* process(
        registry,
        store,
        Effect.flatMap(IcrApp, (app) => app.revokeInstallationToken(acme))
      )
      assert.deepStrictEqual(registry.requests, ["DELETE /app/installations/token crs_1"])
      assert.strictEqual(registry.exchanges, 1)
      assert.strictEqual(store.entries.size, 0)
    })
  })

  it.effect("loses the token of an installation that is gone", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return process(
      registry,
      store,
      Effect.gen(function* () {
        const cache = yield* TokenCache
        yield* ask
        registry.refusal = refusal(404, "Installation not found")
        yield* Effect.flip(cache.installationToken(acme, { forceRefresh: true }))
        assert.strictEqual(store.entries.size, 0)
      })
    )
  })

  it.effect("that made us wait for its lease is read again before minting", () => {
    const registry = makeRegistry()
    const other = makeStore()
    const waiting = makeStore({
      get: (key) => Effect.sync(() => Option.fromUndefinedOr(waiting.entries.get(key))),
      lease: () =>
        Effect.sync(() => {
          for (const [key, entry] of other.entries) waiting.entries.set(key, entry)
          return true
        })
    })
    return Effect.gen(function* () {
      yield* process(registry, other, ask)
      assert.strictEqual(textOf(yield* process(registry, waiting, ask)), "crs_1")
      assert.strictEqual(registry.exchanges, 1)
    })
  })

  it.effect("is nowhere by default: layerNone keeps nothing", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const none = { layer: TokenStore.layerNone }
      yield* process(registry, none, ask)
      assert.strictEqual(textOf(yield* process(registry, none, ask)), "crs_2")
    })
  })
})

describe("TokenStore.layerKeyValueStore", () => {
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
  type StoreOptions = Parameters<typeof TokenStore.layerKeyValueStore>[0]
  const storeIn = (storage: ReturnType<typeof makeStorage>, options: StoreOptions) => ({
    layer: Layer.orDie(TokenStore.layerKeyValueStore(options)).pipe(Layer.provide(storage.layer))
  })

  it.effect("keeps tokens from one process to the next, sealed", () => {
    const registry = makeRegistry()
    const storage = makeStorage()
    return Effect.gen(function* () {
      yield* process(registry, storeIn(storage, { keys }), ask)
      assert.strictEqual(textOf(yield* process(registry, storeIn(storage, { keys }), ask)), "crs_1")
      assert.deepStrictEqual([...storage.values.keys()], [`icr-token:${key}`])
      const [value = ""] = storage.values.values()
      assert.match(value, /^icr1\.[0-9a-f]{8}\.[\w-]+$/)
    })
  })

  it.effect("keeps plain text only when asked for by name", () => {
    const registry = makeRegistry()
    const storage = makeStorage()
    return Effect.gen(function* () {
      yield* process(registry, storeIn(storage, { plainText: true }), ask)
      assert.include([...storage.values.values()].join(), "crs_1")
      assert.strictEqual(textOf(yield* process(registry, storeIn(storage, { plainText: true }), ask)), "crs_1")
      // Sealing from now on: the plain entry is a miss.
      assert.strictEqual(textOf(yield* process(registry, storeIn(storage, { keys }), ask)), "crs_2")
    })
  })

  it.effect("takes an entry moved to another installation for a miss", () => {
    const registry = makeRegistry()
    const storage = makeStorage()
    return Effect.gen(function* () {
      yield* process(registry, storeIn(storage, { keys }), ask)
      const [value = ""] = storage.values.values()
      storage.values.set(`icr-token:${key.replace("acme", "other")}`, value)
      const other = Effect.flatMap(TokenCache, (cache) => cache.installationToken(idOf("other")))
      const token = yield* process(registry, storeIn(storage, { keys }), other)
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
        TokenStore.layerKeyValueStore({ keys: Redacted.make("short") }).pipe(Layer.provide(KeyValueStore.layerMemory))
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
      assert.strictEqual(textOf(yield* process(registry, storeIn(storage, { keys }), ask)), "crs_1")
      assert.isAtLeast(log.lines.length, 2)
      assert.notInclude(log.lines.join(), "crs_1")
    }).pipe(Effect.provide(log.layer))
  })
})
