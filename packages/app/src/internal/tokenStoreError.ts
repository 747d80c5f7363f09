import * as Schema from "effect/Schema"

/** A store that failed. Never contains a value, and never reaches a caller of `IcrApp`. */
export class TokenStoreError extends Schema.TaggedError<TokenStoreError>("@effect-icr/app/TokenStoreError")(
  "TokenStoreError",
  { operation: Schema.String, detail: Schema.String }
) {
  override get message() {
    return `TokenStore.${this.operation} failed: ${this.detail}`
  }
}
