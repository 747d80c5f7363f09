/**
 * A `TokenStore` over Effect's `KeyValueStore`: memory, files, SQL tables or web storage.
 *
 * **When to use**
 *
 * For processes that come one after another, such as scheduled jobs. A fleet is better served by `@effect-icr/redis`.
 *
 * **Gotchas**
 *
 * A `KeyValueStore` has no locks, so processes may exchange side by side, and no expiry: the entry of an installation that
 * nobody asks for again stays until it is overwritten or cleared.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import * as KeyValueTokenStore from "@effect-icr/app/KeyValueTokenStore"
 * import { NodeHttpClient, NodeServices } from "@effect/platform-node"
 * import { Layer } from "effect"
 * import { KeyValueStore } from "effect/persistence"
 *
 * // Sealed with ICR_TOKEN_STORE_KEY; `layerWith` takes the keys from elsewhere
 * export const AppLive = IcrApp.layer.pipe(
 *   Layer.provide(KeyValueTokenStore.layer),
 *   Layer.provide(KeyValueStore.layerFileSystem("/var/lib/my-app/tokens")),
 *   Layer.provide([NodeServices.layer, NodeHttpClient.layerUndici])
 * )
 * ```
 *
 * @module
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { IcrError } from "../errors/IcrError.ts"
import * as TokenSeal from "./TokenSeal.ts"
import { type Entry, type Service, TokenStore, TokenStoreError } from "./TokenStore.ts"

/**
 * How the tokens are sealed, and under which names they are kept.
 *
 * @category options
 * @since 0.1.0
 */
export type Options = TokenSeal.Options & {
  /** Before every key. Default `icr-token:`. */
  readonly prefix?: string | undefined
}

/** A `KeyValueStore` has no expiry, so every entry carries its own end. */
const EntryText = Schema.fromJsonString(
  Schema.Struct({ value: Schema.RedactedFromValue(Schema.String), expiresAt: Schema.Finite })
)
const decode = Schema.decodeUnknownOption(EntryText)
const encode = Schema.encodeEffect(EntryText)

/** The cause is left out, since it may quote what was read or written. */
const failing = (operation: string) =>
  Effect.mapError(
    (error: KeyValueStore.KeyValueStoreError) =>
      new TokenStoreError({ operation, detail: `the key-value store failed in ${error.method}` })
  )

const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Service, IcrError, KeyValueStore.KeyValueStore> {
  const seal = yield* TokenSeal.make(options)
  const store = KeyValueStore.prefix(yield* KeyValueStore.KeyValueStore, options.prefix ?? "icr-token:")

  const read = Effect.fnUntraced(function* (
    key: string
  ): Effect.fn.Return<Option.Option<Entry>, KeyValueStore.KeyValueStoreError> {
    const sealed = yield* store.get(key)
    if (sealed === undefined) return Option.none()
    return Option.flatMap(yield* seal.open(key, sealed), (text) => decode(Redacted.value(text)))
  })

  return {
    get: (key) => failing("get")(read(key)),
    set: Effect.fnUntraced(function* (key, entry) {
      const endsLater = Option.exists(yield* read(key), ({ expiresAt }) => expiresAt > entry.expiresAt)
      if (endsLater) return
      const text = yield* Effect.orDie(encode(entry))
      yield* store.set(key, yield* seal.seal(key, Redacted.make(text)))
    }, failing("set")),
    remove: Effect.fnUntraced(function* (key, upTo = Infinity) {
      const isNewer = upTo < Infinity && Option.exists(yield* read(key), ({ expiresAt }) => expiresAt > upTo)
      if (!isNewer) yield* store.remove(key)
    }, failing("remove")),
    // Two processes that miss at the same moment both exchange, and both tokens are good.
    lease: () => Effect.succeed(false)
  }
})

/**
 * Tokens in a `KeyValueStore`, sealed with the keys of `ICR_TOKEN_STORE_KEY` unless told otherwise. Fails with the reason
 * `Configuration`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options: Options): Layer.Layer<TokenStore, IcrError, KeyValueStore.KeyValueStore> =>
  Layer.effect(TokenStore, make(options))

/**
 * Tokens in a `KeyValueStore`, sealed with the keys of `ICR_TOKEN_STORE_KEY`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<TokenStore, IcrError, KeyValueStore.KeyValueStore> = layerWith({})
