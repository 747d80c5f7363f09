/**
 * Where tokens outlive a process: nowhere by default.
 *
 * A store is a convenience, never a condition: the cache warns and goes on without it when it fails, treats corrupt and
 * expired entries as misses, and judges the life of what it reads itself. One that does not answer within 3 seconds is neither
 * read nor written for 10 seconds, but for removals. Keys name the app, the registry and the installation, and contain no
 * secret. Values are secrets at rest; see `TokenSeal` for the encryption the shipped stores use.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type { KeyValueStore } from "effect/persistence/KeyValueStore"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { IcrError } from "./IcrError.ts"
import { makeKeyValueStore } from "./internal/keyValueTokens.ts"
import { TokenStoreError } from "./internal/tokenStoreError.ts"
import type * as TokenSeal from "./TokenSeal.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Service
// ---------------------------------------------------------------------------------------------------------------------

export { TokenStoreError }

/** A token as a store keeps it. */
export interface Entry {
  /** The token object as JSON text. */
  readonly value: Redacted.Redacted
  /** When the token ends, in milliseconds since the epoch by the registry's clock. A newer token ends later. */
  readonly expiresAt: number
  /**
   * How long the store will still keep it, in milliseconds, where it can tell: a bound for a process whose clock is behind and
   * that has heard nothing of the registry yet.
   */
  readonly timeLeft?: number | undefined
}

/** A token that must not be used any more. */
export interface Removal {
  readonly key: string
  /** Tokens that end later than this are newer ones and not meant. `Infinity` when every token was. */
  readonly upTo: number
}

/** What the layer hands out. */
export interface Service {
  readonly get: (key: string) => Effect.Effect<Option.Option<Entry>, TokenStoreError>
  /** Keeps an entry for its remaining life, unless the store already has one that ends later. */
  readonly set: (key: string, entry: Entry, timeToLive: Duration.Duration) => Effect.Effect<void, TokenStoreError>
  /** Removes what ends no later than `upTo` (default: anything), so that a newer token is never removed for an older one. */
  readonly remove: (key: string, upTo?: number) => Effect.Effect<void, TokenStoreError>
  /**
   * The right to mint for a key, until the scope closes. A store shared by a fleet waits here, within a bound, while
   * another process mints. `true` instead when the store has a token by now that ends later than `newerThan` (milliseconds
   * as in {@link Entry}; `Infinity` when none will do): the caller reads it instead of minting.
   */
  readonly lease: (key: string, newerThan: number) => Effect.Effect<boolean, TokenStoreError, Scope.Scope>
  /** What other processes removed, for stores that can tell; the cache drops those tokens too. Never ends. */
  readonly removals?: Stream.Stream<Removal> | undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// Options
// ---------------------------------------------------------------------------------------------------------------------

/** How the tokens are sealed, and under which names they are kept. */
export type KeyValueStoreOptions = TokenSeal.Options & {
  /** Before every key. Default `icr-token:`. */
  readonly prefix?: string | undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

/** Where tokens outlive a process. */
export class TokenStore extends Context.Service<TokenStore, Service>()("@effect-icr/app/TokenStore") {
  /** Nowhere: every process mints for itself. The default. */
  static readonly layerNone: Layer.Layer<TokenStore> = Layer.succeed(TokenStore, {
    get: () => Effect.succeedNone,
    set: () => Effect.void,
    remove: () => Effect.void,
    lease: () => Effect.succeed(false)
  })

  /**
   * In a `KeyValueStore` (memory, files, SQL, web storage), sealed with the keys of `ICR_TOKEN_STORE_KEY` unless told
   * otherwise. It has no locks, so processes may mint side by side, and no expiry: the entry of an installation that
   * nobody asks for again stays until it is overwritten or cleared. Fails with the reason `Configuration`.
   */
  static readonly layerKeyValueStore = (
    options: KeyValueStoreOptions = {}
  ): Layer.Layer<TokenStore, IcrError, KeyValueStore> => Layer.effect(TokenStore, makeKeyValueStore(options))
}
