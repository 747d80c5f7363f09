/** Collects what the dashboard shows. */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { AppView, Control, InstallationView, TokenView } from "../../Control.ts"
import type { CreditBooks, CreditRequestView } from "../../CreditControl.ts"
import type { PlannedFaults } from "../../Fault.ts"
import type { RequestEntry } from "../../RequestLog.ts"
import type { Delivery } from "../../Webhooks.ts"
import type { Organization, Permissions } from "../../Wire.ts"
import { view } from "../control.ts"
import * as Amount from "../credits/amount.ts"
import * as Ledger from "../credits/ledger.ts"
import type { Place } from "../credits/records.ts"
import * as Present from "../present.ts"
import type * as Tables from "../Tables.ts"
import type { World } from "../World.ts"

/** Largest number of rows of each kind. */
export const rows = 50

/** Largest number of organizations. Each shows all that it holds. */
const mostOrganizations = 20

/** Largest number of organizations whose credits are summed up every second. */
const mostSummed = 1_000

export interface ShownApp extends AppView {
  readonly permissions: Permissions
  readonly webhookUrl: string | null
  /** Whether deliveries go to a function instead of a URL. */
  readonly isInProcess: boolean
  readonly isSigned: boolean
}

export interface ShownHolding {
  readonly place: Place
  readonly creditId: string
  readonly vintage: string
  readonly project: string
  readonly amount: string
}

export interface ShownOrganization extends Pick<Organization, "id" | "fullName" | "countryCode" | "type"> {
  /** One for each app that is installed on it. */
  readonly installations: ReadonlyArray<InstallationView>
  readonly holdings: ReadonlyArray<ShownHolding>
}

export interface ShownReservation {
  readonly id: string
  readonly organizationId: string
  readonly reserver: string
  readonly creditId: string
  readonly amount: string
  /** Milliseconds since 1970 on the registry's clock. */
  readonly heldTo: number
}

export interface Model {
  readonly baseUrl: string
  /** Milliseconds since 1970 on the registry's clock. */
  readonly now: number
  readonly skew: number
  readonly apiVersion: string
  readonly controlToken: string
  readonly apps: ReadonlyArray<ShownApp>
  readonly organizations: ReadonlyArray<ShownOrganization>
  readonly organizationCount: number
  /** Name of an organization, or its id when it is not known. */
  readonly nameOf: (organizationId: string) => string
  /** Undefined when there are too many organizations to sum up. */
  readonly books: CreditBooks | undefined
  /** Newest first, like all below. */
  readonly creditRequests: ReadonlyArray<CreditRequestView>
  readonly pendingRequests: number
  readonly reservations: ReadonlyArray<ShownReservation>
  readonly held: number
  readonly deliveries: ReadonlyArray<Delivery>
  readonly requests: ReadonlyArray<RequestEntry>
  readonly requestCount: number
  readonly planned: PlannedFaults
  readonly tokens: ReadonlyArray<TokenView>
  readonly tokenCount: number
}

/** Reservations that are neither finished nor released, soonest end last. */
const openReservations = ({ books }: Tables.Tables): ReadonlyArray<ShownReservation> =>
  Array.from(books.holds.values(), (holds) => [...holds])
    .flat()
    .filter(({ released, transactionId }) => !released && transactionId === undefined)
    .map(({ credit, heldTo, id, organizationId, reserver, units }) => ({
      id,
      organizationId,
      reserver: reserver.name ?? reserver.id,
      creditId: credit.id,
      amount: Amount.format(units),
      heldTo
    }))
    .toSorted((a, b) => b.heldTo - a.heldTo)

/** The state of the world, as the dashboard shows it. */
export const collect = Effect.fnUntraced(function* (
  world: World["Service"],
  control: Control,
  controlToken: string,
  /** Part of the name or id of the organizations to show. */
  wanted = ""
) {
  const creditRequests = yield* control.credits.requests
  const all = yield* Ref.get(world.tables)
  const now = yield* world.now
  const behaviour = yield* Ref.get(world.behaviour)
  const around = { ...world, behaviour }
  const tokens = yield* control.tokens
  const reservations = openReservations(all)

  const text = wanted.trim().toLowerCase()
  const isWanted = (record: Tables.OrganizationRecord) =>
    text === "" ||
    record.id.includes(text) ||
    Present.organization(record, around).fullName.toLowerCase().includes(text)

  const present = (record: Tables.OrganizationRecord): ShownOrganization => {
    const { countryCode, fullName, id, type } = Present.organization(record, around)
    const held = Ledger.holdings(all, record, world)
    const at = (place: Place) =>
      Array.from(held[place].values(), ({ credit, units }) => ({
        place,
        creditId: credit.id,
        vintage: credit.vintage,
        project: `Project ${Present.projectNumber(credit.project)}`,
        amount: Amount.format(units)
      }))
    const installations = [...all.apps.values()].flatMap(({ byOrganization }) => byOrganization.get(id) ?? [])
    return {
      id,
      fullName,
      countryCode,
      type,
      installations: installations.map(view),
      holdings: [...at("inventory"), ...at("warehouse")]
    }
  }

  const model: Model = {
    baseUrl: world.baseUrl,
    now,
    skew: yield* Ref.get(world.skew),
    apiVersion: behaviour.apiVersions[0],
    controlToken,
    apps: (yield* control.apps).flatMap((app) => {
      const record = all.apps.get(app.appId)
      return record === undefined
        ? []
        : [
            {
              ...app,
              permissions: record.permissions,
              webhookUrl: typeof record.webhookTarget === "string" ? record.webhookTarget : null,
              isInProcess: typeof record.webhookTarget === "function",
              isSigned: record.webhookSecret !== undefined
            }
          ]
    }),
    organizations: firstOf(all.organizations.values(), mostOrganizations, isWanted).map(present),
    organizationCount: all.organizations.size,
    nameOf: (id) => {
      const record = all.organizations.get(id)
      return record === undefined ? id : Present.organization(record, around).fullName
    },
    books: all.organizations.size > mostSummed ? undefined : yield* control.credits.books,
    creditRequests: creditRequests.slice(0, rows),
    pendingRequests: creditRequests.filter(({ state }) => state === "pending").length,
    reservations: reservations.slice(0, rows),
    held: reservations.filter(({ heldTo }) => now < heldTo).length,
    deliveries: (yield* control.webhooks.deliveries).slice(-rows).toReversed(),
    requests: (yield* control.requestLog).slice(-rows).toReversed(),
    requestCount: yield* control.requestCount(),
    planned: yield* control.faults.planned,
    tokens: tokens.slice(0, rows),
    tokenCount: tokens.length
  }
  return model
})

/** The first of many that match, without reading the rest. */
const firstOf = <A>(all: Iterable<A>, most: number, matches: (one: A) => boolean): ReadonlyArray<A> => {
  const first: Array<A> = []
  for (const one of all) {
    if (first.length === most) break
    if (matches(one)) first.push(one)
  }
  return first
}
