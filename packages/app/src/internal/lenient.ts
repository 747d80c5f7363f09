import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/**
 * Text the registry may leave out, send as null, or send as `""`: all three are `None`, and encode as an absent key.
 * Real payloads do all three to the same field (`city`, `zip`, `website`, …).
 */
export const lenientText = Schema.optionalKey(Schema.NullOr(Schema.String)).pipe(
  Schema.decodeTo(Schema.Option(Schema.String), {
    decode: SchemaGetter.transformOptional((value: Option.Option<string | null>) =>
      Option.some(Option.filter(value, (text): text is string => text !== null && text !== ""))
    ),
    encode: SchemaGetter.transformOptional((value: Option.Option<Option.Option<string>>) => Option.flatten(value))
  })
)
