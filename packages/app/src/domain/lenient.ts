/** Schemas of fields that the registry may leave out or send in an unexpected type. */
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/**
 * A field that the registry may leave out, send as null, as `""`, or in an unexpected type: all are `None`, and `None` is
 * encoded as an absent key. The registry does all of this to the same field (`city`, `zip`, `website`, …), and a detail
 * must not cost the whole answer.
 *
 * @category schemas
 * @since 0.1.0
 */
export const lenient = <A, I>(schema: Schema.Codec<A, I>) => {
  const decode = Schema.decodeUnknownOption(schema)
  const encode = Schema.encodeSync(schema)
  return Schema.optionalKey(Schema.Unknown).pipe(
    Schema.decodeTo(Schema.Option(Schema.toType(schema)), {
      decode: SchemaGetter.transformOptional((field: Option.Option<unknown>) =>
        Option.some(Option.isNone(field) || field.value === "" ? Option.none() : decode(field.value))
      ),
      encode: SchemaGetter.transformOptional((field: Option.Option<Option.Option<A>>) =>
        Option.map(Option.flatten(field), (value): unknown => encode(value))
      )
    })
  )
}

/**
 * A {@link lenient} text.
 *
 * @category schemas
 * @since 0.1.0
 */
export const lenientText = lenient(Schema.String)

/**
 * A list, empty where it is missing; one item stands for a list of it. Items that are not what they should be, such as null,
 * are left out.
 *
 * @category schemas
 * @since 0.1.0
 */
export const lenientList = <A, I>(item: Schema.Codec<A, I>) => {
  const decode = Schema.decodeUnknownOption(item)
  const encode = Schema.encodeSync(item)
  return Schema.optionalKey(Schema.Unknown).pipe(
    Schema.decodeTo(Schema.Array(Schema.toType(item)), {
      decode: SchemaGetter.transformOptional((field) => {
        const items = Option.isNone(field) ? [] : Arr.ensure(field.value)
        return Option.some(items.flatMap((value) => Option.toArray(decode(value))))
      }),
      encode: SchemaGetter.transform((items): unknown => items.map((value) => encode(value)))
    })
  )
}
