import { InstallationId } from "@effect-icr/app/domain/Ids"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { counting } from "./support/counting.ts"
import { tokenCache } from "./support/tokenCache.ts"

const body = JSON.stringify({
  id: "1",
  createdAt: "2026-01-01T00:00:00Z",
  updatedAt: "2026-01-01T00:00:00Z",
  token: "crs_0",
  expiresAt: "2026-01-01T02:00:00Z",
  isActive: true,
  permissions: { organization_info: "VIEW" },
  appId: "1",
  installationId: "1",
  organizationId: "1"
})

const idOf = Schema.decodeUnknownSync(InstallationId)

const few = 100
const many = 100_000
const calls = 50
/** A flight may find its fiber a step earlier or later; anything that walks the slots costs a thousand times as much. */
const slack = 1.05

/** What 50 calls on a cache of so many tokens cost. `spare` is how many more it could hold. */
const cost = (
  slots: number,
  spare: number,
  call: (cache: TokenCache["Service"], index: number) => Effect.Effect<unknown, unknown>
) =>
  Effect.gen(function* () {
    const cache = yield* TokenCache
    for (let index = 0; index < slots; index++) yield* cache.installationToken(idOf(`held-${index}`))
    // Once before counting: what is made on first use is none of the price.
    yield* call(cache, 0)
    return yield* counting(
      Effect.gen(function* () {
        for (let index = 1; index <= calls; index++) yield* call(cache, index)
      })
    )
  }).pipe(Effect.provide(tokenCache(body, slots + spare)))

const grows = (name: string, spare: number, call: Parameters<typeof cost>[2]) =>
  it.effect(
    `${name} costs with ${many.toLocaleString("en")} slots what it costs with ${few}`,
    Effect.fnUntraced(function* () {
      const atFew = yield* cost(few, spare, call)
      const atMany = yield* cost(many, spare, call)
      assert.isAbove(atFew.steps, calls, "steps of the interpreter are counted")
      assert.isAbove(atFew.lookups, calls, "lookups are counted")
      assert.isAtMost(atMany.steps, atFew.steps * slack)
      assert.isAtMost(atMany.lookups, atFew.lookups * slack)
    })
  )

/** Counted in operations, since time on a shared machine proves nothing: interpreter steps, and steps in maps and sets. */
describe("the cost of a call does not grow with the number of installations:", () => {
  grows("a cached read of the newest token", 0, (cache) => cache.installationToken(idOf("held-99")))
  grows("a cached read of one token after another", 0, (cache, index) => cache.installationToken(idOf(`held-${index}`)))
  grows("an exchange with room for its token", calls + 1, (cache, index) =>
    cache.installationToken(idOf(`new-${index}`))
  )
  grows("an exchange that drops the oldest token", 0, (cache, index) => cache.installationToken(idOf(`new-${index}`)))
  grows("a forced exchange", 0, (cache, index) =>
    cache.installationToken(idOf(`held-${index}`), { forceRefresh: true })
  )
  grows("taking a token out", 0, (cache, index) => cache.takeInstallationToken(idOf(`held-${index}`)))

  it.effect(
    "one exchange does not pay for reading everything before it",
    Effect.fnUntraced(
      function* () {
        const cache = yield* TokenCache
        for (let round = 0; round < 2; round++) {
          for (let index = 0; index < many; index++) yield* cache.installationToken(idOf(`held-${index}`))
        }
        const { lookups } = yield* counting(cache.installationToken(idOf("new")))
        assert.isBelow(lookups, 250)
      },
      Effect.provide(tokenCache(body, many))
    )
  )
})
