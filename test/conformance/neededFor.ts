/**
 * What the client does without when it decodes an answer, and needs for something it does all the same; and the writes that
 * are never made here, but that a description must have.
 */
import type { Difference } from "./compare.ts"
import { answeredFields, parentOf } from "./fields.ts"
import { Option } from "effect"
import type { Read } from "./reads.ts"

const requests = "/organizations/{id}/inventory/requests"
const reservations = "/organizations/{id}/warehouse/inventory/reservations"

const settled = "requests.settled"
const requestLook = "the look for a lost request"
const reservationLook = "the look for a lost reservation"

/** By read and field: what it is needed for. */
const uses: { readonly [read: string]: { readonly [field: string]: string } } = {
  [`GET ${requests}`]: { "creditRequests[].state": settled, "creditRequests[].creditId": requestLook },
  [`GET ${requests}/{requestId}`]: { state: settled },
  [`GET ${reservations}`]: {
    "reservations[].reserver": reservationLook,
    "reservations[].reserver.id": reservationLook
  }
}

/** Writes of the client. */
export const writes: ReadonlyArray<readonly [method: string, path: string]> = [
  ...["transfer", "retire", "transfer_retire"].flatMap((action) => [
    ["POST", `${requests}/${action}`] as const,
    ["POST", `${reservations}/{reservationId}/${action}`] as const
  ]),
  ["POST", reservations],
  ["DELETE", `${reservations}/{reservationId}`],
  ["DELETE", "/app/installations/token"],
  ["POST", "/app/create/user/organization"]
]

/** Differences in what the client needs for something matter. */
export const withUses =
  ({ name }: Read) =>
  (difference: Difference): Difference => {
    const use = uses[name]?.[difference.field]
    if (use === undefined) return difference
    const says = difference.says.replace("; the client does without", "")
    return { ...difference, says: `${says}; the client needs it for ${use}`, matters: true }
  }

/** Fields that are in no item of an answer, though it has items, and that the client needs for something. */
export const inNoItem = ({ json, name }: Read): ReadonlyArray<Difference> => {
  const answered = answeredFields(json)
  const isThere = (path: string) => [...(answered.get(path)?.kinds ?? [])].some((kind) => kind !== "null")
  return Object.entries(uses[name] ?? {}).flatMap(([field, use]) =>
    !isThere(field) && Option.exists(parentOf(field), isThere)
      ? [{ field, says: `is in no item; the client needs it for ${use}`, matters: true }]
      : []
  )
}
