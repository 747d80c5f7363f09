/**
 * Where tokens outlive a process, and what a fleet shares them through. Without one, every process exchanges for itself.
 *
 * **When to use**
 *
 * For short-lived processes, or for several at once: `KeyValueTokenStore` keeps tokens in files, SQL tables or web storage,
 * `@effect-icr/redis` shares them with leases. To write one of your own, implement `Service`.
 *
 * **Details**
 *
 * A store is a convenience, never a condition: the cache warns and goes on without it when it fails, treats corrupt and expired
 * entries as misses, and judges the life of what it reads itself. A store that does not answer within 3 seconds is neither read
 * nor written for 10 seconds, but for removals.
 *
 * **Gotchas**
 *
 * Keys name the app, the registry and the installation, and contain no secret. Values are secrets at rest; see `TokenSeal` for
 * the encryption that the shipped stores use.
 *
 * ```ts
 * import { type Entry, type Service, TokenStore, TokenStoreError } from "@effect-icr/app/TokenStore"
 * import { Effect, Layer, Option } from "effect"
 *
 * // What a cache server's client can do.
 * interface Client {
 *   readonly get: (key: string) => Promise<Entry | undefined>
 *   readonly set: (key: string, entry: Entry) => Promise<void>
 *   readonly delete: (key: string, upTo: number) => Promise<void>
 * }
 *
 * const make = (client: Client): Service => {
 *   const call = <A>(operation: string, f: () => Promise<A>) =>
 *     Effect.tryPromise({ try: f, catch: () => new TokenStoreError({ operation, detail: "the cache server failed" }) })
 *   return {
 *     get: (key) => Effect.map(call("get", () => client.get(key)), Option.fromUndefinedOr),
 *     set: (key, entry) => call("set", () => client.set(key, entry)),
 *     remove: (key, upTo = Infinity) => call("remove", () => client.delete(key, upTo)),
 *     lease: () => Effect.succeed(false) // no locks: each process exchanges for itself
 *   }
 * }
 *
 * export const layer = (client: Client | undefined) =>
 *   client === undefined ? TokenStore.layerNone : Layer.succeed(TokenStore, make(client))
 * ```
 *
 * @module
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"

/**
 * The failure of a store. Contains no value, and never reaches a caller of `IcrApp`.
 *
 * @category errors
 * @since 0.1.0
 */
export class TokenStoreError extends Schema.TaggedError<TokenStoreError>("@effect-icr/app/TokenStoreError")(
  "TokenStoreError",
  { operation: Schema.String, detail: Schema.String }
) {
  override get message() {
    return `TokenStore.${this.operation} failed: ${this.detail}`
  }
}

/**
 * A token as a store keeps it.
 *
 * @category models
 * @since 0.1.0
 */
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

/**
 * Another process removed a token, which must not be used any more.
 *
 * @category models
 * @since 0.1.0
 */
export interface Removal {
  readonly key: string
  /** Tokens that end later than this are newer ones and not meant. `Infinity` when every token is meant. */
  readonly upTo: number
}

/**
 * What a store does for the token cache.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** The entry of a key, if there is one. */
  readonly get: (key: string) => Effect.Effect<Option.Option<Entry>, TokenStoreError>
  /** Keeps an entry for its remaining life, unless the store already has one that ends later. */
  readonly set: (key: string, entry: Entry, timeToLive: Duration.Duration) => Effect.Effect<void, TokenStoreError>
  /** Removes what ends no later than `upTo` (default: anything), so that a newer token is never removed for an older one. */
  readonly remove: (key: string, upTo?: number) => Effect.Effect<void, TokenStoreError>
  /**
   * The lease of a key, which is the right to exchange, until the scope closes. A store shared by a fleet waits here, within a
   * bound, while another process exchanges. `true` instead when the store has a token by now that ends later than `newerThan`
   * (milliseconds as in {@link Entry}; `Infinity` when none will do): the caller reads it instead of exchanging.
   */
  readonly lease: (key: string, newerThan: number) => Effect.Effect<boolean, TokenStoreError, Scope.Scope>
  /** The removals of other processes, for stores that can tell; the cache drops those tokens too. Never ends. */
  readonly removals?: Stream.Stream<Removal> | undefined
}

/**
 * Where tokens outlive a process.
 *
 * @category services
 * @since 0.1.0
 */
export class TokenStore extends Context.Service<TokenStore, Service>()("@effect-icr/app/TokenStore") {
  /** Keeps nothing: every process exchanges for itself. The same as no store at all. */
  static readonly layerNone: Layer.Layer<TokenStore> = Layer.succeed(TokenStore, {
    get: () => Effect.succeedNone,
    set: () => Effect.void,
    remove: () => Effect.void,
    lease: () => Effect.succeed(false)
  })
}
