/** The list of installations: each one once, with no request too many, whatever the registry says of its length. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { withSimulator } from "../support/app.ts"
import * as documents from "../support/documents.ts"
import { doubles } from "./support/doubles.ts"

describe("installations", () => {
  it.effect("streams every one once over several pages, counting pages from 0", () =>
    Effect.gen(function* () {
      const { installations } = yield* IcrApp
      const simulator = yield* Simulator
      const seen = yield* Stream.runCollect(installations)
      assert.deepStrictEqual(
        seen.map(({ id }) => String(id)),
        [...(yield* simulator.installationIds)]
      )
      assert.strictEqual(yield* simulator.control.requestCount("GET /app/installations"), 3)
    }).pipe(Effect.provide(withSimulator({ installations: 120 })))
  )

  it.effect("needs no request for a page that nobody consumes", () =>
    Effect.gen(function* () {
      const { installations } = yield* IcrApp
      const { control } = yield* Simulator
      yield* installations.pipe(Stream.take(50), Stream.runDrain)
      assert.strictEqual(yield* control.requestCount("GET /app/installations"), 1)
    }).pipe(Effect.provide(withSimulator({ installations: 120 })))
  )

  it.effect("needs no last empty page when the total is reached", () =>
    Effect.gen(function* () {
      const { installations } = yield* IcrApp
      const { control } = yield* Simulator
      assert.strictEqual((yield* Stream.runCollect(installations)).length, 100)
      assert.strictEqual(yield* control.requestCount("GET /app/installations"), 2)
    }).pipe(Effect.provide(withSimulator({ installations: 100 })))
  )

  it.effect("reaches the end when the registry caps pages below what was asked", () =>
    Effect.gen(function* () {
      const { installations } = yield* IcrApp
      assert.strictEqual((yield* Stream.runCollect(installations)).length, 35)
    }).pipe(Effect.provide(withSimulator({ installations: 35, behaviour: { pageCap: 10 } })))
  )

  it.effect("an empty list is an empty stream", () =>
    Effect.gen(function* () {
      const { installations } = yield* IcrApp
      assert.strictEqual((yield* Stream.runCollect(installations)).length, 0)
    }).pipe(Effect.provide(withSimulator({ installations: 0 })))
  )

  /** A registry whose lists say nothing of their length, or something wrong. */
  const listing = (total: (pages: number) => number | null, sizes: ReadonlyArray<number>) => {
    const seen: Array<number> = []
    const layer = doubles((path) => {
      const page = Number(new URL(path, "http://localhost").searchParams.get("page"))
      seen.push(page)
      return {
        body: {
          pagination: { total: total(page), currentPage: null, nextPage: null },
          installations: Array.from({ length: sizes[page] ?? 0 }, (_, index) => ({
            ...documents.installation,
            id: `i-${page}-${index}`
          }))
        }
      }
    })
    const all = Effect.flatMap(IcrApp, ({ installations }) => Stream.runCollect(installations)).pipe(
      Effect.map((found) => ({ found: found.length, pages: seen })),
      Effect.provide(layer)
    )
    return all
  }

  it.effect("without a total, stops at the first short page", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* listing(() => null, [50, 50, 20]), { found: 120, pages: [0, 1, 2] })
    })
  )

  it.effect("without a total, a last full page needs one look behind it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* listing(() => null, [50, 50]), { found: 100, pages: [0, 1, 2] })
    })
  )

  it.effect("a total that is too large ends at the first empty page", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* listing(() => 1000, [50, 10]), { found: 60, pages: [0, 1, 2] })
    })
  )

  it.effect("a total that is too small hides nothing", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* listing(() => 0, [50, 50, 20]), { found: 120, pages: [0, 1, 2] })
    })
  )

  it.effect("a registry that repeats its page for ever is refused", () =>
    Effect.gen(function* () {
      const { installations } = yield* IcrApp
      const error = yield* Effect.flip(Stream.runDrain(installations))
      assert.strictEqual(error.reason._tag, "DecodeFailure")
      assert.include(error.message, "page 1")
    }).pipe(Effect.provide(doubles(() => ({ body: documents.installationPage }))))
  )

  for (const options of [
    { limit: 0, page: 0 },
    { limit: 10, page: -1 },
    { limit: 1.5, page: 0 },
    { limit: Number.NaN, page: 0 }
  ]) {
    it.effect(`a page of ${JSON.stringify(options)} is refused before any request`, () =>
      Effect.gen(function* () {
        const { installationPage } = yield* IcrApp
        const error = yield* Effect.flip(installationPage(options))
        assert.strictEqual(error.reason._tag, "InvalidRequest")
        assert.strictEqual(yield* (yield* Simulator).control.requestCount(), 0)
      }).pipe(Effect.provide(withSimulator()))
    )
  }
})
