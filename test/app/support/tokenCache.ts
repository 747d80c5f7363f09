/** What tests of the token cache share: one installation, and a registry of their own. */
import type { IcrApp } from "@effect-icr/app/IcrApp"
import { type GetOptions, type Options, TokenCache } from "@effect-icr/app/TokenCache"
import { Effect } from "effect"
import { appOver, idOf, makeRegistry, type Registry, refusal } from "../../support/registry.ts"

/** Spans of time, in milliseconds. */
export const second = 1000
export const minute = 60 * second
export const hour = 60 * minute

/** The installation whose token is asked for. */
export const acme = idOf("acme")
/** The key of its token in a store. */
export const key = "test@http://localhost/installations/acme"
/** Its token. */
export const ask = Effect.flatMap(TokenCache, (cache) => cache.installationToken(acme))
/** Its token, with options. */
export const askWith = (options: GetOptions) =>
  Effect.flatMap(TokenCache, (cache) => cache.installationTokenWith(acme, options))
/** A token of a new exchange. */
export const forced = askWith({ forceRefresh: true })

/** What a registry answers that is down. */
export const down = refusal(503, "down")

/** Runs a test over a registry of its own and a cache with these options. */
export const overRegistryWith =
  (options: Options) => (test: (registry: Registry) => Effect.fn.Return<void, unknown, TokenCache | IcrApp>) =>
    Effect.suspend(() => {
      const registry = makeRegistry()
      return Effect.provide(
        Effect.gen(() => test(registry)),
        appOver(registry, options)
      )
    })

/** Runs a test over a registry of its own. */
export const overRegistry = overRegistryWith({})
