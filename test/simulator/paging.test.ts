import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { body, call, callAsApp, errorOf, Page } from "./support/calls.ts"
import { appJwt } from "./support/jwt.ts"

/** Walks the list the safe way: an own counter from 0, until a page comes back short. */
const walk = Effect.fnUntraced(function* (
  limit: number,
  between: (page: number) => Effect.Effect<void> = () => Effect.void
) {
  const ids: Array<string> = []
  const jwt = yield* appJwt()
  const asked = Math.min(limit, 50)
  for (let page = 0; ; page++) {
    const response = yield* call("GET", `/app/installations?limit=${limit}&page=${page}`, jwt)
    const { installations } = yield* body(Page)(response)
    ids.push(...installations.map(({ id }) => id))
    if (installations.length < asked) return ids
    yield* between(page)
  }
})

const small = (most: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: most }))
const limits = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200 }))

describe("walking the list", () => {
  it.effect.prop(
    "meets every installation exactly once, for any number of them and any limit",
    { total: small(130), limit: limits },
    Effect.fnUntraced(function* ({ limit, total }) {
      yield* Effect.gen(function* () {
        const { installationIds } = yield* Simulator
        assert.deepStrictEqual(yield* walk(limit), yield* installationIds)
      }).pipe(Effect.provide(Simulator.layerWith({ installations: total, privateKey: yield* key })))
    }),
    { arbitrary: { runs: 40 } }
  )

  it.effect.prop(
    "meets each of the first ones exactly once while others are installed in between, and those at the end",
    { total: small(60), limit: limits, installs: small(7) },
    Effect.fnUntraced(function* ({ installs, limit, total }) {
      yield* Effect.gen(function* () {
        const { control, installationIds } = yield* Simulator
        const install = Effect.orDie(Effect.asVoid(control.install()))
        const seen = yield* walk(limit, (page) => (page < installs ? install : Effect.void))
        assert.deepStrictEqual(seen, yield* installationIds)
      }).pipe(Effect.provide(Simulator.layerWith({ installations: total, privateKey: yield* key })))
    }),
    { arbitrary: { runs: 40 } }
  )

  it.effect.prop(
    "keeps its counters in step: total, one-based pages, next after current after previous",
    { total: small(130), limit: limits, page: small(140) },
    Effect.fnUntraced(function* ({ limit, page, total }) {
      yield* Effect.gen(function* () {
        const { installations, pagination } = yield* Effect.flatMap(
          callAsApp("GET", `/app/installations?limit=${limit}&page=${page}`),
          body(Page)
        )
        const size = Math.min(limit, 50)
        const pages = Math.ceil(total / size)
        assert.deepStrictEqual(pagination, {
          total,
          currentPage: page + 1,
          pageCount: pages,
          nextPage: page + 1 < pages ? page + 2 : null,
          prevPage: page
        })
        assert.strictEqual(installations.length, Math.max(0, Math.min(size, total - page * size)))
      }).pipe(Effect.provide(Simulator.layerWith({ installations: total, privateKey: yield* key })))
    }),
    { arbitrary: { runs: 40 } }
  )

  it.effect(
    "a page or limit that is no whole number is refused",
    Effect.fnUntraced(function* () {
      for (const [query, complaint] of [
        ["limit=10&page=0.5", "page must be an integer number"],
        ["limit=10&page=1e300", "page must be an integer number"],
        ["limit=1.5&page=0", "limit must be an integer number"]
      ] as const) {
        assert.deepStrictEqual(yield* Effect.flatMap(callAsApp("GET", `/app/installations?${query}`), errorOf), {
          status: 400,
          message: [complaint]
        })
      }
      for (const page of ["one", "NaN", "Infinity", ""]) {
        const answer = yield* Effect.flatMap(callAsApp("GET", `/app/installations?limit=10&page=${page}`), errorOf)
        assert.strictEqual(answer.status, 400, page)
      }
    }, Effect.provide(Simulator.layer))
  )

  it.effect(
    "may miss one when another is uninstalled in between: the list moves up",
    Effect.fnUntraced(
      function* () {
        const { control, installationIds } = yield* Simulator
        const [first, ...others] = yield* installationIds
        const seen = yield* walk(5, (page) => (page === 0 ? Effect.orDie(control.uninstall(first ?? "")) : Effect.void))
        assert.deepStrictEqual(
          others.filter((id) => !seen.includes(id)),
          others.slice(4, 5)
        )
      },
      Effect.provide(Simulator.layerWith({ installations: 12 }))
    )
  )

  it.effect(
    "feeding nextPage back as page skips a page",
    Effect.fnUntraced(
      function* () {
        const { pagination } = yield* Effect.flatMap(callAsApp("GET", "/app/installations?limit=2&page=0"), body(Page))
        const skipped = yield* Effect.flatMap(
          callAsApp("GET", `/app/installations?limit=2&page=${pagination.nextPage}`),
          body(Page)
        )
        const ids = yield* (yield* Simulator).installationIds
        assert.deepStrictEqual(
          skipped.installations.map(({ id }) => id),
          ids.slice(4, 6)
        )
      },
      Effect.provide(Simulator.layerWith({ installations: 9 }))
    )
  )
})

/** One key for all the worlds of a property: making one takes longer than the rest of the test. */
const key = Effect.runSync(
  Effect.cached(
    Effect.map(Simulator, ({ app }) => app.privateKey).pipe(Effect.provide(Simulator.layerWith({ installations: 0 })))
  )
)

describe("the switches of the list", () => {
  const page = (query: string) => Effect.flatMap(callAsApp("GET", `/app/installations?${query}`), body(Page))

  it.effect(
    "pageCap and overPageCap: clamp or refuse",
    Effect.fnUntraced(
      function* () {
        assert.strictEqual((yield* page("limit=1000&page=0")).installations.length, 50)
        const { control } = yield* Simulator
        yield* control.setBehaviour({ overPageCap: "refuse", pageCap: 20 })
        assert.deepStrictEqual(yield* Effect.flatMap(callAsApp("GET", "/app/installations?limit=21&page=0"), errorOf), {
          status: 400,
          message: ["limit must not be greater than 20"]
        })
        assert.strictEqual((yield* page("limit=20&page=0")).installations.length, 20)
      },
      Effect.provide(Simulator.layerWith({ installations: 60 }))
    )
  )
  it.effect(
    "missingPaging: default or refuse",
    Effect.fnUntraced(
      function* () {
        assert.deepStrictEqual(yield* Effect.flatMap(callAsApp("GET", "/app/installations"), errorOf), {
          status: 400,
          message: ["limit should not be empty", "page should not be empty"]
        })
      },
      Effect.provide(Simulator.layerWith({ behaviour: { missingPaging: "refuse" } }))
    )
  )
  it.effect(
    "firstPage: pages may be counted from 1",
    Effect.fnUntraced(
      function* () {
        assert.strictEqual((yield* page("limit=2&page=1")).pagination.currentPage, 1)
        assert.strictEqual((yield* callAsApp("GET", "/app/installations?limit=2&page=0")).status, 400)
      },
      Effect.provide(Simulator.layerWith({ behaviour: { firstPage: 1 } }))
    )
  )
  it.effect(
    "pageCount: pages or items",
    Effect.fnUntraced(
      function* () {
        assert.strictEqual((yield* page("limit=3&page=1")).pagination.pageCount, 1)
      },
      Effect.provide(Simulator.layerWith({ installations: 4, behaviour: { pageCount: "items" } }))
    )
  )
  it.effect(
    "nextPageAtEnd: null, absent or the same",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      assert.isNull((yield* page("limit=9&page=0")).pagination.nextPage)
      yield* control.setBehaviour({ nextPageAtEnd: "absent" })
      assert.notProperty((yield* page("limit=9&page=0")).pagination, "nextPage")
      yield* control.setBehaviour({ nextPageAtEnd: "same" })
      assert.strictEqual((yield* page("limit=9&page=0")).pagination.nextPage, 1)
    }, Effect.provide(Simulator.layer))
  )
  it.effect(
    "installationOrder and listSuspended",
    Effect.fnUntraced(
      function* () {
        const { control, installationIds } = yield* Simulator
        const [a = "", b = "", c = ""] = yield* installationIds
        yield* control.suspend(b)
        const listed = Effect.map(page("limit=9&page=0"), ({ installations }) => installations.map(({ id }) => id))
        assert.deepStrictEqual(yield* listed, [a, c])
        yield* control.setBehaviour({ installationOrder: "newestFirst" })
        assert.deepStrictEqual(yield* listed, [c, a])
        yield* control.setBehaviour({ listSuspended: true })
        assert.deepStrictEqual(yield* listed, [c, b, a])
        yield* control.setBehaviour({ installationOrder: "oldestFirst" })
        assert.deepStrictEqual(yield* listed, [a, b, c])
      },
      Effect.provide(Simulator.layerWith({ installations: 3 }))
    )
  )
})
