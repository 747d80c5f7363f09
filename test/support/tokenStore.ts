/** Token stores for tests, and processes that share them. */
import type { IcrApp } from "@effect-icr/app/IcrApp"
import type { TokenCache } from "@effect-icr/app/TokenCache"
import { type Entry, type Service, TokenStore } from "@effect-icr/app/TokenStore"
import { Duration, Effect, Layer, Option, type Scope } from "effect"
import { appOver, type Registry } from "./registry.ts"

interface Calls {
  readonly entries: Map<string, Entry>
  readonly log: Array<string>
}

/** A store that remembers what it was asked; `over` replaces parts of it. */
export const makeStore = (over: Partial<Service> = {}) => {
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
    remove: (key, upTo = Infinity) =>
      noted(
        `remove ${key}`,
        Effect.sync(() => {
          if ((entries.get(key)?.expiresAt ?? Infinity) <= upTo) entries.delete(key)
        })
      ),
    lease: (key) => noted(`lease ${key}`, Effect.succeed(false)),
    ...over
  })
  return { ...calls, layer: Layer.succeed(TokenStore, service) }
}

type Store = ReturnType<typeof makeStore>
const sharing = (registry: Registry, { layer }: Pick<Store, "layer">) => appOver(registry).pipe(Layer.provide(layer))

/** One process after another: each with a cache of its own over the same store. */
export const inProcess = <A, E>(
  registry: Registry,
  store: Pick<Store, "layer">,
  work: Effect.Effect<A, E, TokenCache | IcrApp | Scope.Scope>
) => Effect.scoped(Effect.provide(work, Layer.fresh(sharing(registry, store))))
