/** What happens when the registry refuses a token. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Stream } from "effect"
import { HttpBody } from "effect/http"
import { TestClock } from "effect/testing"
import {
  appOver,
  exact,
  idOf,
  isDone,
  makeRegistry,
  reasonOf,
  refusal,
  tokenBody,
  started,
  textOf,
  times
} from "../support/registry.ts"

const acme = idOf("acme")
const second = 1000
const minute = 60 * second

const get = Effect.flatMap(IcrApp, (app) => app.installationClient(acme).get("/projects"))
const post = Effect.flatMap(IcrApp, (app) => app.installationClient(acme).post("/projects"))
/** Its body is gone once it is sent. */
const upload = Effect.flatMap(IcrApp, (app) =>
  app.installationClient(acme).post("/projects", { body: HttpBody.stream(Stream.make(new Uint8Array([1]))) })
)
const dead = (...tokens: ReadonlyArray<string>) => {
  const refused = new Set(tokens)
  return (token: string) => (refused.has(token) ? refusal(401, "Access token is invalid") : undefined)
}
const sent = (registry: { readonly requests: ReadonlyArray<string> }) =>
  registry.requests.map((request) => request.split(" ").at(-1))

describe("a token that is new", () => {
  for (const [name, answer] of [
    ["401", refusal(401, "Unauthorized")],
    ["403 without a permission reason", refusal(403, "Forbidden resource")]
  ] as const) {
    for (const [method, call] of [
      ["GET", get],
      ["POST", post]
    ] as const) {
      it.effect(
        `is sent again with a ${method} on ${name} after a short and a longer wait, without another exchange`,
        () => {
          const registry = makeRegistry()
          return Effect.gen(function* () {
            yield* (yield* TokenCache).installationToken(acme)
            registry.answer = () => (registry.requests.length < 3 ? answer : undefined)
            const caller = yield* started(exact(call))
            yield* TestClock.adjust(499)
            assert.strictEqual(registry.requests.length, 1)
            yield* TestClock.adjust(1)
            assert.strictEqual(registry.requests.length, 2)
            yield* TestClock.adjust(1250)
            assert.strictEqual((yield* Fiber.join(caller)).status, 200)
            assert.deepStrictEqual(sent(registry), ["crs_1", "crs_1", "crs_1"])
            assert.strictEqual(registry.exchanges, 1)
          }).pipe(Effect.provide(appOver(registry)))
        }
      )
    }
  }

  it.effect("by its exchange, but was minted hours before, is not waited for", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      yield* TestClock.adjust("4 hours")
      const now = yield* Clock.currentTimeMillis
      const kept = tokenBody({ text: "crs_kept", installation: acme, now, life: 7_200_000 })
      registry.refusal = { body: { ...kept, createdAt: "1970-01-01T01:00:00.000Z" } }
      registry.answer = (token) => (token === "crs_kept" ? refusal(401, "Unauthorized") : undefined)
      yield* (yield* TokenCache).installationToken(acme)
      registry.refusal = undefined
      assert.strictEqual((yield* get).status, 200)
      assert.deepStrictEqual(sent(registry), ["crs_kept", "crs_2"])
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("and still refused after 3 s at most is replaced once; the error says what was tried", () => {
    const registry = makeRegistry()
    registry.answer = () => refusal(401, "Unauthorized")
    return Effect.gen(function* () {
      const call = yield* started(reasonOf(get))
      yield* TestClock.adjust(3 * second)
      const reason = yield* Fiber.join(call)
      assert.strictEqual(reason._tag, "Unauthorized")
      assert.include(reason.message, "several times with the same token, then with a new one")
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_1", "crs_1", "crs_2"])
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("that got nothing but a bare 403 for 3 s is left alone, and 50 such callers send no herd", () => {
    const registry = makeRegistry()
    const moments = new Map<number, number>()
    return Effect.gen(function* () {
      const clock = yield* Clock.Clock
      registry.answer = () => {
        const now = clock.currentTimeMillisUnsafe()
        moments.set(now, (moments.get(now) ?? 0) + 1)
        return refusal(403, "Forbidden resource")
      }
      const calls = yield* started(times(50, reasonOf(get)))
      yield* TestClock.adjust(3 * second)
      const reasons = yield* Fiber.join(calls)
      assert.isTrue(reasons.every(({ _tag }) => _tag === "Forbidden"))
      assert.isTrue(reasons.every(({ message }) => message.includes("several times with the same token")))
      assert.isAtMost(registry.requests.length, 110)
      assert.isAtMost(Math.max(...[...moments].filter(([moment]) => moment > 0).map(([, count]) => count)), 5)
      assert.strictEqual(registry.exchanges, 1)
      // Nor do those who come later.
      yield* reasonOf(get)
      assert.strictEqual(registry.exchanges, 1)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("and was accepted at a path is known there: a refusal is not waited for", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      yield* get
      registry.answer = () => refusal(403, "Forbidden resource")
      assert.strictEqual((yield* reasonOf(get))._tag, "Forbidden")
      yield* reasonOf(get)
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_1", "crs_2", "crs_2"])
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })

  for (const [newTokenGrace, waited] of [
    [0, 0],
    [60 * second, 60 * second]
  ] as const) {
    it.effect(`counts as new for as long as newTokenGrace says: ${newTokenGrace} ms`, () => {
      const registry = makeRegistry()
      registry.answer = () => refusal(401, "Unauthorized")
      return Effect.gen(function* () {
        const call = yield* started(reasonOf(get))
        yield* TestClock.adjust(waited / 2)
        assert.strictEqual(isDone(call), waited === 0)
        yield* TestClock.adjust(waited / 2)
        assert.isTrue(isDone(call))
      }).pipe(Effect.provide(appOver(registry, { newTokenGrace }, { retry: false, deadline: "1 hour" })))
    })
  }

  it.effect("is not dropped by a request whose body cannot be sent again", () => {
    const registry = makeRegistry()
    registry.answer = dead("crs_1")
    return Effect.gen(function* () {
      assert.strictEqual((yield* reasonOf(upload))._tag, "Unauthorized")
      assert.strictEqual(registry.requests.length, 1)
      assert.strictEqual(textOf(yield* (yield* TokenCache).installationToken(acme)), "crs_1")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("that comes back for a new one does not keep the call waiting for ever", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      // Twenty exchanges, one text: the client cannot tell its tokens apart.
      registry.answer = () => refusal(401, "Unauthorized")
      const call = yield* started(reasonOf(get))
      for (let i = 0; i < 60; i++) {
        registry.exchanges = 0
        yield* TestClock.adjust(second)
      }
      const reason = yield* Fiber.join(call)
      assert.strictEqual(reason._tag, "Unauthorized")
      assert.include(reason.message, "several times with the same token")
      assert.notInclude(reason.message, "with a new")
      assert.strictEqual(registry.requests.length, 4)
    }).pipe(Effect.provide(appOver(registry, {}, { retry: false, deadline: "1 hour" })))
  })
})

describe("an older token", () => {
  it.effect("is dropped, replaced once, and the call repeated once", () => {
    const registry = makeRegistry()
    registry.answer = dead("crs_1")
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      yield* TestClock.adjust(minute)
      assert.strictEqual((yield* get).status, 200)
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_2"])
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("never causes a loop: the second refusal is final and says what was tried", () => {
    const registry = makeRegistry()
    registry.answer = () => refusal(401, "Unauthorized")
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      yield* TestClock.adjust(minute)
      const reason = yield* reasonOf(get)
      assert.strictEqual(reason._tag, "Unauthorized")
      assert.include(reason.message, "also with a new token")
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_2"])
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("of a POST is replaced like any other, since a refused request was not done", () => {
    const registry = makeRegistry()
    registry.answer = dead("crs_1")
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      yield* TestClock.adjust(minute)
      assert.strictEqual((yield* post).status, 200)
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_2"])
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("is dropped by a request whose body cannot be sent again; the next call heals", () => {
    const registry = makeRegistry()
    registry.answer = dead("crs_1")
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      yield* TestClock.adjust(minute)
      assert.strictEqual((yield* reasonOf(upload))._tag, "Unauthorized")
      assert.strictEqual(registry.requests.length, 1)
      assert.strictEqual((yield* upload).status, 200)
      // That was about the token and not about the path.
      yield* TestClock.adjust(minute)
      registry.answer = dead("crs_1", "crs_2")
      assert.strictEqual((yield* get).status, 200)
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_2", "crs_2", "crs_3"])
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("refused for 50 callers at once causes one new exchange", () => {
    const registry = makeRegistry()
    registry.answer = dead("crs_1")
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      yield* TestClock.adjust(minute)
      registry.latency = second
      const callers = yield* started(times(50, get))
      yield* TestClock.adjust(second)
      yield* Fiber.join(callers)
      assert.strictEqual(registry.exchanges, 2)
      assert.strictEqual(registry.requests.length, 100)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("reported late does not drop the newer one: invalidation is by value", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const { get: current, onRefused } = cache.installationCredential(acme)
      const old = yield* current
      yield* TestClock.adjust(minute)
      yield* cache.installationTokenWith(acme, { forceRefresh: true })
      yield* TestClock.adjust(minute)
      const error = yield* Effect.flip(
        Effect.andThen(
          Effect.sync(() => (registry.answer = () => refusal(401, "no"))),
          upload
        )
      )
      registry.answer = () => undefined
      // The upload dropped crs_2, so crs_3 is held now.
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_3")
      yield* TestClock.adjust(minute)
      yield* onRefused({ error, refused: [old.value], canRepeat: true, path: "/" })
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_3")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("of the app itself is replaced by the same rules", () => {
    const registry = makeRegistry()
    registry.answer = dead("crs_1")
    return Effect.gen(function* () {
      const app = yield* IcrApp
      yield* app.appToken
      yield* TestClock.adjust(minute)
      assert.strictEqual((yield* app.appClient.get("/projects")).status, 200)
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_2"])
    }).pipe(Effect.provide(appOver(registry)))
  })
})

describe("a real permission refusal", () => {
  it.effect("changes nothing: one request, no wait, the token stays", () => {
    const registry = makeRegistry()
    registry.answer = () => refusal(403, "Permission organization_inventory:read is required")
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const young = yield* reasonOf(get)
      yield* TestClock.adjust(minute)
      const old = yield* reasonOf(get)
      assert.deepStrictEqual([young._tag, old._tag], ["Forbidden", "Forbidden"])
      assert.strictEqual(registry.requests.length, 2)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_1")
    }).pipe(Effect.provide(appOver(registry)))
  })
})

describe("a 403 without a reason, for an older token", () => {
  const forbidden = refusal(403, "Forbidden resource")

  it.effect("may mean the token: it is replaced, each time that helps", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      for (let round = 1; round <= 3; round++) {
        yield* TestClock.adjust(minute)
        registry.answer = (token) => (token === `crs_${round}` ? forbidden : undefined)
        assert.strictEqual((yield* get).status, 200)
        assert.strictEqual(registry.exchanges, round + 1)
      }
    }).pipe(Effect.provide(appOver(registry)))
  })

  for (const [name, call, requests] of [
    ["a GET", get, 21],
    ["a POST", post, 21],
    ["a request whose body cannot be sent again", upload, 20]
  ] as const) {
    it.effect(`that ${name} gets for the new one as well means the permission: no exchange for 5 minutes`, () => {
      const registry = makeRegistry()
      registry.answer = () => forbidden
      return Effect.gen(function* () {
        yield* (yield* TokenCache).installationToken(acme)
        yield* TestClock.adjust(minute)
        for (let i = 0; i < 20; i++) {
          const reason = yield* reasonOf(call)
          assert.strictEqual(reason._tag, "Forbidden")
          yield* TestClock.adjust(14 * second)
        }
        assert.strictEqual(registry.exchanges, 2)
        assert.strictEqual(registry.requests.length, requests)
        yield* TestClock.adjust(minute)
        yield* reasonOf(call)
        yield* reasonOf(call)
        assert.strictEqual(registry.exchanges, 3)
      }).pipe(Effect.provide(appOver(registry)))
    })
  }

  it.effect("and a 401 in those minutes: the token is dead all the same, and replaced", () => {
    const registry = makeRegistry()
    registry.answer = () => forbidden
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      yield* TestClock.adjust(minute)
      yield* reasonOf(get)
      yield* TestClock.adjust(minute)
      registry.answer = dead("crs_2")
      assert.strictEqual((yield* get).status, 200)
      assert.strictEqual(registry.exchanges, 3)
    }).pipe(Effect.provide(appOver(registry)))
  })
})

describe("a refusal that a new token met as well", () => {
  const at = (path: string) => Effect.flatMap(IcrApp, (app) => app.installationClient(acme).get(path))

  it.effect("rests for that path: an endpoint that never takes the token costs one exchange", () => {
    const registry = makeRegistry()
    registry.answer = () => (registry.requests.at(-1)?.includes("/jwt") === true ? refusal(401, "no") : undefined)
    return Effect.gen(function* () {
      yield* at("/fine")
      yield* TestClock.adjust(minute)
      for (let i = 0; i < 10; i++) assert.strictEqual((yield* reasonOf(at("/jwt")))._tag, "Unauthorized")
      assert.strictEqual(registry.exchanges, 2)
      assert.strictEqual((yield* at("/fine")).status, 200)
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("heals within 10 seconds when both tokens were revoked", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      yield* at("/fine")
      yield* TestClock.adjust(minute)
      registry.answer = (token) => (token === "crs_1" || token === "crs_2" ? refusal(401, "no") : undefined)
      assert.strictEqual((yield* reasonOf(at("/fine")))._tag, "Unauthorized")
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* at("/fine")).status, 200)
      assert.strictEqual(registry.exchanges, 3)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("does not keep another path from healing", () => {
    const registry = makeRegistry()
    const forbidden = refusal(403, "Forbidden resource")
    registry.answer = () => (registry.requests.at(-1)?.includes("/forbidden") === true ? forbidden : undefined)
    return Effect.gen(function* () {
      yield* at("/fine")
      yield* TestClock.adjust(minute)
      yield* reasonOf(at("/forbidden"))
      yield* TestClock.adjust(minute)
      registry.answer = (token) => (token === "crs_2" ? forbidden : undefined)
      assert.strictEqual((yield* at("/fine")).status, 200)
      assert.strictEqual(registry.exchanges, 3)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("is over once the path takes the token", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      yield* at("/fine")
      yield* TestClock.adjust(minute)
      registry.answer = () => refusal(401, "no")
      yield* reasonOf(at("/fine"))
      registry.answer = () => undefined
      yield* at("/fine")
      yield* TestClock.adjust(minute)
      registry.answer = dead("crs_2")
      assert.strictEqual((yield* at("/fine")).status, 200)
    }).pipe(Effect.provide(appOver(registry)))
  })
})
