/** A token store as the cache uses it: whatever goes wrong with it is a warning and a miss, and it is not waited for long. */
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as TokenStore from "../TokenStore.ts"

/** Reads and writes the tokens of one kind. */
export interface StoredTokens<T> {
  readonly read: (key: string) => Effect.Effect<Option.Option<T>>
  readonly write: (key: string, token: T, life: number) => Effect.Effect<void>
  /** With a token: unless the store has one that ends later. */
  readonly remove: (key: string, upTo?: T) => Effect.Effect<void>
  readonly lease: (key: string, newerThan: number) => Effect.Effect<boolean, never, Scope.Scope>
}

// A token can always be minted, so a store is worth less waiting than the registry; a lease waits for a whole exchange.
const patience = "5 seconds"
const leasePatience = "30 seconds"

/** A store is somebody else's code: its defects are its failures, and only the message it made for people is shown. */
const describe = (cause: Cause.Cause<TokenStore.TokenStoreError>) =>
  Option.match(Cause.findErrorOption(cause), {
    onNone: () => "it has a defect",
    onSome: (error) => error.message
  })

const guard = <A>(operation: string, limit: Duration.Input, byDefault: A) => {
  const late = new TokenStore.TokenStoreError({ operation, detail: `no answer within ${limit}` })
  return <R>(self: Effect.Effect<A, TokenStore.TokenStoreError, R>): Effect.Effect<A, never, R> =>
    self.pipe(
      Effect.timeoutOrElse({ duration: limit, orElse: () => Effect.fail(late) }),
      Effect.catchCause((cause) =>
        Cause.hasInterrupts(cause)
          ? Effect.interrupt
          : Effect.as(
              Effect.logWarning("The token store failed; tokens are minted without it", describe(cause)),
              byDefault
            )
      )
    )
}

/** Over a store, through the codec of the token class. */
export const make = <T extends { readonly expiresAt: DateTime.Utc }, I>(
  store: TokenStore.Service,
  codec: Schema.Codec<T, I>,
  storeKey: (key: string) => string
): StoredTokens<T> => {
  const json = Schema.fromJsonString(Schema.toCodecJson(codec))
  const decode = Schema.decodeUnknownOption(json)
  const encode = Schema.encodeEffect(json)
  return {
    read: (key) =>
      Effect.map(
        guard("get", patience, Option.none<TokenStore.Entry>())(store.get(storeKey(key))),
        Option.flatMap((entry) => decode(Redacted.value(entry.value)))
      ),
    write: (key, token, life) =>
      encode(token).pipe(
        // Encoding what was decoded cannot fail but by a bug in the codec.
        Effect.orDie,
        Effect.flatMap((text) =>
          guard<void>(
            "set",
            patience,
            undefined
          )(
            store.set(
              storeKey(key),
              { value: Redacted.make(text), expiresAt: DateTime.toEpochMillis(token.expiresAt) },
              Duration.millis(life)
            )
          )
        )
      ),
    remove: (key, upTo) =>
      guard<void>(
        "remove",
        patience,
        undefined
      )(store.remove(storeKey(key), upTo === undefined ? undefined : DateTime.toEpochMillis(upTo.expiresAt))),
    lease: (key, newerThan) => guard("lease", leasePatience, false)(store.lease(storeKey(key), newerThan))
  }
}
