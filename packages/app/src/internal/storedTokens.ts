/** A token store as the cache uses it: any failure is a warning and a miss. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as TokenStore from "../TokenStore.ts"

/** Reads and writes the tokens of one kind. */
export interface StoredTokens<T> {
  readonly read: (key: string) => Effect.Effect<Option.Option<T>>
  readonly write: (key: string, token: T, life: number) => Effect.Effect<void>
  readonly remove: (key: string) => Effect.Effect<void>
  readonly lease: (key: string) => Effect.Effect<boolean, never, Scope.Scope>
}

/** Over a store, through the codec of the token class. */
export const make = <T extends { readonly expiresAt: DateTime.Utc }, I>(
  store: TokenStore.Service,
  codec: Schema.Codec<T, I>
): StoredTokens<T> => {
  const json = Schema.fromJsonString(Schema.toCodecJson(codec))
  const decode = Schema.decodeUnknownOption(json)
  const encode = Schema.encodeEffect(json)
  const guard = <A>(byDefault: A) =>
    Effect.catch((error: TokenStore.TokenStoreError) =>
      Effect.as(Effect.logWarning("The token store failed; tokens are minted without it", error.message), byDefault)
    )
  return {
    read: (key) =>
      Effect.map(
        guard(Option.none<TokenStore.Entry>())(store.get(key)),
        Option.flatMap((entry) => decode(Redacted.value(entry.value)))
      ),
    write: (key, token, life) =>
      encode(token).pipe(
        // Encoding what was decoded cannot fail but by a bug in the codec.
        Effect.orDie,
        Effect.flatMap((text) =>
          store.set(
            key,
            { value: Redacted.make(text), expiresAt: DateTime.toEpochMillis(token.expiresAt) },
            Duration.millis(life)
          )
        ),
        guard<void>(undefined)
      ),
    remove: (key) => guard<void>(undefined)(store.remove(key)),
    lease: (key) => guard(false)(store.lease(key))
  }
}
