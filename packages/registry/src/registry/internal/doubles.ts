/** Doubles for tests: what a test has not given dies with its name. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { CreditRequests, Inventory } from "../../inventory/Inventory.ts"
import type { OrganizationResources } from "../../organization/OrganizationResources.ts"
import type { Projects, PublicResources } from "../../public/PublicResources.ts"
import type { Warehouse } from "../../warehouse/Warehouse.ts"

const missing = (name: string) => new Error(`Registry.layerTest was given no ${name}`)
const effect = (name: string) => Effect.die(missing(name))
const method = (name: string) => () => effect(name)
const stream = (name: string) => Stream.die(missing(name))

const projects = (name: string): Projects => ({
  projects: stream(`${name}.projects`),
  projectPage: method(`${name}.projectPage`),
  project: method(`${name}.project`)
})

/** What a test gives of what any token may read. */
export type PublicDouble = Partial<Omit<PublicResources, "examiner">> & { readonly examiner?: Partial<Projects> }

/** A double of what any token may read. */
export const publicDouble = ({ examiner, ...given }: PublicDouble): PublicResources => ({
  ...projects("public"),
  findProject: method("public.findProject"),
  projectCredits: method("public.projectCredits"),
  accountCredits: method("public.accountCredits"),
  retirements: stream("public.retirements"),
  retirement: method("public.retirement"),
  certificate: method("public.certificate"),
  ...given,
  examiner: { ...projects("public.examiner"), ...examiner }
})

/** What a test gives of an organization. */
export type OrganizationDouble = Partial<Omit<OrganizationResources, "inventory" | "warehouse">> & {
  readonly inventory?: Partial<Omit<Inventory, "requests">> & { readonly requests?: Partial<CreditRequests> }
  readonly warehouse?: Partial<Warehouse>
}

/** A double of an organization. */
export const organizationDouble = ({ inventory, warehouse, ...given }: OrganizationDouble): OrganizationResources => ({
  id: effect("organization.id"),
  profile: effect("organization.profile"),
  addresses: effect("organization.addresses"),
  retirements: effect("organization.retirements"),
  certificate: method("organization.certificate"),
  ...given,
  inventory: {
    credits: effect("inventory.credits"),
    creditsWith: method("inventory.creditsWith"),
    request: method("inventory.request"),
    resolve: method("inventory.resolve"),
    ...inventory,
    requests: {
      all: stream("inventory.requests.all"),
      get: method("inventory.requests.get"),
      settled: method("inventory.requests.settled"),
      ...inventory?.requests
    }
  },
  warehouse: {
    credits: effect("warehouse.credits"),
    creditsWith: method("warehouse.creditsWith"),
    reservations: effect("warehouse.reservations"),
    reservation: method("warehouse.reservation"),
    reserve: method("warehouse.reserve"),
    finish: method("warehouse.finish"),
    release: method("warehouse.release"),
    withReservation: method("warehouse.withReservation"),
    resolve: method("warehouse.resolve"),
    findRetirement: method("warehouse.findRetirement"),
    ...warehouse
  }
})
