/**
 * Blockchain addresses of an organization's accounts.
 *
 * @module
 */
import * as Arr from "effect/Array"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { Organization } from "@effect-icr/app/domain/Organization"
import { lenient, lenientText } from "@effect-icr/app/extension"
import { lenientList } from "./lenient.ts"

/**
 * A public address on the chain: of the default account or of a subaccount.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Address extends Schema.Class<Address>("@effect-icr/registry/Address")({
  address: Schema.String,
  id: lenientText,
  name: lenientText,
  type: lenientText
}) {}

class Read extends Schema.Class<Read>("@effect-icr/registry/Addresses")({
  addresses: lenientList(Address),
  organization: lenient(Organization)
}) {}

const itemOf = (item: unknown) => (Predicate.isString(item) ? { address: item } : item)

const listIn = (answer: unknown): unknown => {
  if (Predicate.hasProperty(answer, "addresses")) return answer.addresses
  return Predicate.hasProperty(answer, "accounts") ? answer.accounts : []
}

/**
 * The answer of `GET /organizations/{id}/addresses`. Its prose promises addresses, its printed schema an organization
 * (`Organizations`, v0.5), so both are read: a list of texts or objects, bare or under `addresses` or `accounts`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Addresses = Schema.Unknown.pipe(
  Schema.decodeTo(Read, {
    decode: SchemaGetter.transform((answer) => ({
      addresses: Arr.map(Arr.ensure(Array.isArray(answer) ? answer : listIn(answer)), itemOf),
      organization: answer
    })),
    encode: SchemaGetter.transform((value): unknown => value)
  })
)
/**
 * An organization's addresses, and the organization where the registry answers with it.
 *
 * @category models
 * @since 0.1.0
 */
export type Addresses = typeof Addresses.Type
