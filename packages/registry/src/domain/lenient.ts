/** Fields that the registry may leave out, send as null, as `""` or in another type: they are `None` then. */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { lenient } from "@effect-icr/app/extension"
import { Timestamp } from "@effect-icr/app/domain/Timestamp"
import { FromDigits } from "../amounts/Tonnes.ts"

export { lenientList } from "@effect-icr/app/extension"

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
