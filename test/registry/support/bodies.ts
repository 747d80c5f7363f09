/** What the registry of `fake.ts` keeps, and the texts in which it tells of it. */
import type { Permissions } from "@effect-icr/app/domain/Permissions"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { DateTime, Option } from "effect"

/** A reservation. */
export interface Held {
  readonly id: string
  readonly createdAt: number
  readonly reservedTo: number
  readonly creditId: string
  readonly amount: Tonnes.Tonnes
  readonly reserver: string | undefined
  complete: boolean
}

/** A credit request. */
export interface Asked {
  readonly id: string
  readonly createdAt: number
  readonly fields: { readonly [name: string]: unknown }
  readonly amount: Tonnes.Tonnes
  state: string
}

const iso = (millis: number) => DateTime.formatIso(DateTime.makeUnsafe(millis))

/** The digits of the amount, as they stand in the body. */
export const amountIn = (body: string) =>
  Option.getOrThrow(Tonnes.fromString(/"amount":([^,}"]+)/.exec(body)?.[1] ?? ""))

/** JSON with amounts as numbers, digit for digit. */
export const json = (value: unknown) => JSON.stringify(value).replaceAll(/"(amount|supply)":"([^"]+)"/g, '"$1":$2')

/** A reservation in an answer. */
export const reservationBody = (held: Held) => ({
  id: held.id,
  amount: Tonnes.format(held.amount),
  createdAt: iso(held.createdAt),
  updatedAt: iso(held.createdAt),
  reservedToDate: iso(held.reservedTo),
  isComplete: held.complete,
  creditId: held.creditId,
  reserver: held.reserver === undefined ? undefined : { id: held.reserver },
  serialization: "ICR-ISL-354-78040-14-R-0-2021"
})

/** A credit request in an answer. */
export const requestBody = ({ amount, createdAt, fields, id, state }: Asked) => ({
  id,
  state,
  createdAt: iso(createdAt),
  updatedAt: iso(createdAt),
  amount: Tonnes.format(amount),
  ...fields
})

/** The token of the latest exchange: an installation's, or the app's own. */
export const tokenBody = (
  { exchanges, permissions }: { readonly exchanges: number; readonly permissions: Permissions },
  installation: string | undefined,
  now: number
) => ({
  id: `token-${exchanges}`,
  createdAt: iso(now),
  updatedAt: iso(now),
  token: `crs_${exchanges}`,
  expiresAt: iso(now + 7_200_000),
  isActive: true,
  permissions,
  appId: "app-1",
  ...(installation === undefined
    ? {}
    : { installationId: installation, organizationId: `${installation}-organization` })
})
