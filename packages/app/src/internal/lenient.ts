import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { missing, quick } from "./quick.ts"

/**
 * A value the registry may leave out, send as null, or send as `""`: all three are `None`, and encode as an absent key.
 * Real payloads do all three to the same field (`city`, `zip`, `website`, …).
 */
export const lenient = <A>(schema: Schema.Codec<A>, is: Predicate.Refinement<unknown, NoInfer<A>>) =>
  quick(
    Schema.optionalKey(Schema.NullOr(schema)).pipe(
      Schema.decodeTo(Schema.Option(schema), {
        decode: SchemaGetter.transformOptional((value: Option.Option<A | null>) =>
          Option.some(Option.filter(value, (known): known is A => known !== null && known !== ""))
        ),
        encode: SchemaGetter.transformOptional((value: Option.Option<Option.Option<A>>) => Option.flatten(value))
      })
    ),
    (value) => {
      if (value === null || value === missing) return Option.none()
      if (!is(value)) return undefined
      return value === "" ? Option.none() : Option.some(value)
    }
  )

/** Text that may be missing in any of the three ways. */
export const lenientText = lenient(Schema.String, Predicate.isString)
