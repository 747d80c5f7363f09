/** Fields that the registry may leave out, send as null, as `""` or in another type: they are `None` then. */
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { lenient } from "@effect-icr/app/extension"
import { Timestamp } from "@effect-icr/app/domain/Timestamp"
import { FromDigits } from "../amounts/Tonnes.ts"

/** A text that the registry also writes as a number: `num`, `sector.id`, `tokenId`. */
export const lenientLabel = lenient(
  Schema.Union([Schema.String, Schema.Finite]).pipe(
    Schema.decodeTo(Schema.String, {
      decode: SchemaGetter.transform(String),
      encode: SchemaGetter.passthroughSubtype()
    })
  )
)

/** An amount. */
export const lenientTonnes = lenient(FromDigits)

/** A date-time. */
export const lenientTimestamp = lenient(Timestamp)

/** A list, empty where it is missing. Items that are not what they should be, such as null, are left out. */
export const lenientList = <A, I>(item: Schema.Codec<A, I>) => {
  const decode = Schema.decodeUnknownOption(item)
  const encode = Schema.encodeSync(item)
  return Schema.optionalKey(Schema.Unknown).pipe(
    Schema.decodeTo(Schema.Array(Schema.toType(item)), {
      decode: SchemaGetter.transformOptional((field) =>
        Option.some(
          Arr.getSomes(Arr.map(Arr.ensure(Option.getOrElse(field, (): unknown => [])), (value) => decode(value)))
        )
      ),
      encode: SchemaGetter.transform((items): unknown => items.map((value) => encode(value)))
    })
  )
}
