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
const many = 20_000
const calls = 50
/** A tree of 20,000 has a level or two more than one of 100. What walks the entries costs 200 times as much. */
const slack = 1.5

/** Function calls that one call costs on a cache of so many tokens, on average. `spare` is how many more it could hold. */
const cost = (
  held: number,
  { spare = 0, times = calls }: { readonly spare?: number; readonly times?: number },
  call: (cache: TokenCache["Service"], index: number) => Effect.Effect<unknown, unknown>
) =>
  Effect.gen(function* () {
    const cache = yield* TokenCache
    for (let index = 0; index < held; index++) yield* cache.installationToken(idOf(`held-${index}`))
    // Once before counting: what is made on first use is none of the price.
    yield* call(cache, 0)
    const all = counting(
      Effect.gen(function* () {
        for (let index = 1; index <= times; index++) yield* call(cache, index)
      })
    )
    return (yield* all) / times
  }).pipe(Effect.provide(tokenCache(body, held + spare)))

const grows = (name: string, spare: number, call: Parameters<typeof cost>[2]) =>
  it.effect(
    `${name} costs with ${many.toLocaleString("en")} tokens what it costs with ${few}`,
    Effect.fnUntraced(function* () {
      const atFew = yield* cost(few, { spare }, call)
      const atMany = yield* cost(many, { spare }, call)
      assert.isAbove(atFew, 10, "function calls are counted")
      assert.isAtMost(atMany, atFew * slack)
    })
  )

describe("the cost of a call does not grow with the number of installations:", () => {
  grows("a cached read of the newest token", 0, (cache) => cache.installationToken(idOf("held-99")))
  grows("a cached read of one token after another", 0, (cache, index) => cache.installationToken(idOf(`held-${index}`)))
  grows("an exchange with room for its token", calls + 1, (cache, index) =>
    cache.installationToken(idOf(`new-${index}`))
  )
  grows("a forced exchange", 0, (cache, index) =>
    cache.installationTokenWith(idOf(`held-${index}`), { forceRefresh: true })
  )
  grows("an invalidation", 0, (cache, index) => cache.invalidateInstallationToken(idOf(`held-${index}`)))

  it.effect(
    "dropping tokens beyond the capacity adds to each exchange the same with 20,000 tokens as with 1,000",
    Effect.fnUntraced(function* () {
      const exchange: Parameters<typeof cost>[2] = (cache, index) => cache.installationToken(idOf(`new-${index}`))
      // Tokens may be dropped in batches: on average, over more exchanges than a batch holds.
      const perExchange = (held: number) => cost(held, { times: held / 10 }, exchange)
      assert.isAtMost(yield* perExchange(many), (yield* perExchange(1000)) * slack)
    })
  )
})
