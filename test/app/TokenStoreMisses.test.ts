/** A token store that has nothing of use, or fails: there is an exchange all the same. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { TokenStoreError } from "@effect-icr/app/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { captured, idOf, makeRegistry, started, textOf } from "../support/registry.ts"
import { inProcess, makeStore } from "../support/tokenStore.ts"
import { acme, ask, hour, key, minute } from "./support/tokenCache.ts"

const error = (operation: string) => new TokenStoreError({ operation, detail: "connection lost" })

describe("a token store", () => {
  it.effect("with an expired entry is a miss", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* inProcess(registry, store, ask)
      yield* TestClock.adjust(2 * hour)
      assert.strictEqual(textOf(yield* inProcess(registry, store, ask)), "crs_2")
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
        assert.strictEqual(textOf(yield* inProcess(registry, store, ask)), "crs_1")
        assert.strictEqual(textOf(yield* inProcess(registry, store, ask)), "crs_1")
      })
    })
  }

  it.effect("with the token of another installation is a miss", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* inProcess(registry, store, ask)
      const entry = store.entries.get(key)
      assert.isDefined(entry)
      store.entries.set(key.replace("acme", "umbrella"), entry)
      const other = Effect.flatMap(TokenCache, (cache) => cache.installationToken(idOf("umbrella")))
      const token = yield* inProcess(registry, store, other)
      assert.deepStrictEqual([textOf(token), token.installationId], ["crs_2", idOf("umbrella")])
    })
  })

  for (const [name, failing] of [
    ["fails", (operation: string) => Effect.fail(error(operation))],
    ["has a defect", () => Effect.die(new Error("crs_secret in a bug"))],
    [
      "throws",
      () => {
        throw new Error("crs_secret in a bug")
      }
    ],
    ["gives something else", () => Effect.succeed(undefined as never)],
    ["never answers", () => Effect.never]
  ] as const) {
    it.effect(`that ${name} never fails a call: it is warned of, and there is an exchange`, () => {
      const registry = makeRegistry()
      const log = captured()
      const store = makeStore({
        get: () => failing("get"),
        set: () => failing("set"),
        remove: () => failing("remove"),
        lease: () => failing("lease")
      })
      return inProcess(
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
          assert.isAtLeast(log.lines.length, name === "gives something else" ? 1 : 3)
          assert.isTrue(log.lines.every((line) => line.startsWith("Warn The token store failed")))
          assert.notInclude(log.lines.join("\n"), "crs_")
        })
      ).pipe(Effect.provide(log.layer))
    })
  }
})
