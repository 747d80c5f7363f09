/** Tokens in Effect's `KeyValueStore`: in memory, files, SQL tables or web storage. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { IcrError } from "../IcrError.ts"
import * as TokenSeal from "../TokenSeal.ts"
import type * as TokenStore from "../TokenStore.ts"
import { TokenStoreError } from "./tokenStoreError.ts"

/** A `KeyValueStore` has no expiry, so every entry carries its own end. */
const EntryText = Schema.fromJsonString(
  Schema.Struct({ value: Schema.RedactedFromValue(Schema.String), expiresAt: Schema.Finite })
)
const decode = Schema.decodeUnknownOption(EntryText)
const encode = Schema.encodeEffect(EntryText)

/** The cause may quote what was read or written: it stays here. */
const failing = (operation: string) =>
  Effect.mapError(
    (error: KeyValueStore.KeyValueStoreError) =>
      new TokenStoreError({ operation, detail: `the key-value store failed in ${error.method}` })
  )

/** See `TokenStore.layerKeyValueStore`. */
export const makeKeyValueStore = Effect.fnUntraced(function* (
  options: TokenStore.KeyValueStoreOptions
): Effect.fn.Return<TokenStore.Service, IcrError, KeyValueStore.KeyValueStore> {
  const seal = yield* TokenSeal.make(options)
  const store = KeyValueStore.prefix(yield* KeyValueStore.KeyValueStore, options.prefix ?? "icr-token:")

  const read = Effect.fnUntraced(function* (
    key: string
  ): Effect.fn.Return<Option.Option<TokenStore.Entry>, KeyValueStore.KeyValueStoreError> {
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
    // No locks: two processes that miss at the same moment both mint, and both tokens are good.
    lease: () => Effect.succeed(false)
  }
})
