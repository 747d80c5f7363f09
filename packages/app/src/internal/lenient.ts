import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/**
 * A value the registry may leave out, send as null, or send as `""`: all three are `None`, and encode as an absent key.
 * Real payloads do all three to the same field (`city`, `zip`, `website`, …).
 */
export const lenient = <A>(schema: Schema.Codec<A>) =>
  Schema.optionalKey(Schema.NullOr(schema)).pipe(
    Schema.decodeTo(Schema.Option(schema), {
      decode: SchemaGetter.transformOptional((value: Option.Option<A | null>) =>
        Option.some(Option.filter(value, (known): known is A => known !== null && known !== ""))
      ),
      encode: SchemaGetter.transformOptional((value: Option.Option<Option.Option<A>>) => Option.flatten(value))
    })
  )

/** Text that may be missing in any of the three ways. */
export const lenientText = lenient(Schema.String)
