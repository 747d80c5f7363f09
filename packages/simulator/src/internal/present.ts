/**
 * Turns records into the registry's JSON. Details of organizations and projects are not stored: they follow from the
 * seed and the record's number.
 */
import type { Behaviour } from "../Behaviour.ts"
import * as Wire from "../Wire.ts"
import { iso } from "./isoTime.ts"
import * as Seeded from "./seeded.ts"
import type { AppRecord, InstallationRecord, OrganizationRecord, Tables } from "./Tables.ts"

export interface Surroundings {
  readonly seed: number
  readonly baseUrl: string
  readonly behaviour: Behaviour
}

const places = [
  { countryCode: "US", city: "New York", state: "New York", zip: "10001", street: "Main St" },
  { countryCode: "IS", city: "Reykjavik", state: "Capital Region", zip: "101", street: "Laugavegur" },
  { countryCode: "BR", city: "Manaus", state: "Amazonas", zip: "69005", street: "Avenida Sete de Setembro" },
  { countryCode: "KE", city: "Nairobi", state: "Nairobi County", zip: "00100", street: "Moi Avenue" },
  { countryCode: "IN", city: "Pune", state: "Maharashtra", zip: "411001", street: "MG Road" }
] as const

const detail = (seed: number, index: number, position: number) => Seeded.word(seed, Seeded.kind.detail, index, position)

/** An organization in JSON. */
export const organization = (record: OrganizationRecord, around: Surroundings): Wire.Organization => {
  const { seed, baseUrl, behaviour } = around
  const place = Seeded.pick(places, detail(seed, record.index, 0))
  const seen = behaviour.data === "seen"
  const industry = (detail(seed, record.index, 1) % 20) + 1
  return {
    id: record.id,
    createdAt: iso(record.createdAt),
    updatedAt: iso(record.createdAt),
    fullName: record.given?.fullName ?? `Organization ${record.index + 1}`,
    countryCode: record.given === undefined ? place.countryCode : record.given.countryCode,
    city: seen ? "" : place.city,
    zip: seen ? "" : place.zip,
    physicalAddress: seen ? "" : `${(detail(seed, record.index, 2) % 200) + 1} ${place.street}`,
    registrationNumber: seen ? "" : String(100_000 + (detail(seed, record.index, 3) % 900_000)),
    website: seen ? "" : "http://example.com",
    logo: seen ? `${baseUrl}/files/undefined` : "logo.png",
    organizationIndustries: seen ? null : { code: `IND${industry}`, name: `Industry ${industry}` },
    type: record.given?.type ?? Seeded.pick(Wire.organizationTypes, record.index),
    isPublic: true,
    url: seen ? `undefined/organizations/${record.id}` : `${baseUrl}/app/organizations/${record.id}`
  }
}

/** An installation in JSON. */
export const installation = (
  record: InstallationRecord,
  app: AppRecord,
  owner: OrganizationRecord,
  around: Surroundings
): Wire.Installation => ({
  id: record.id,
  createdAt: iso(record.createdAt),
  updatedAt: iso(record.updatedAt),
  organization: organization(owner, around),
  permissions: record.permissions,
  appNameId: app.appNameId,
  appId: app.appId,
  accessTokensUrl: `${around.baseUrl}/app/installations/${record.id}/accessTokens`
})

/** The app's installations, selected and ordered by the switches. */
export const listed = (app: AppRecord, behaviour: Behaviour): ReadonlyArray<InstallationRecord> => {
  if (app.listed === undefined) {
    const all = [...app.installations.values()]
    app.listed = { all, active: all.filter((record) => !record.suspended) }
  }
  const chosen = behaviour.listSuspended ? app.listed.all : app.listed.active
  return behaviour.installationOrder === "oldestFirst" ? chosen : chosen.toReversed()
}

/** The organization of an installation. */
export const owner = (tables: Tables, record: InstallationRecord): OrganizationRecord | undefined =>
  tables.organizations.get(record.organizationId)

const sectors = [
  { id: "13", title: "Waste handling and disposal" },
  { id: "1", title: "Energy industries (renewable)" },
  { id: "14", title: "Afforestation and reforestation" }
] as const

const firstNumber = 700

/** The registry's number of a project, from the simulator's own. */
export const projectNumber = (index: number): string => String(firstNumber + index)

/** Ids of all projects. */
export const projectIds = ({ projects, seed }: { readonly projects: number; readonly seed: number }) =>
  Array.from({ length: projects }, (_, index) => Seeded.uuid(seed, Seeded.kind.project, index))

/** The project with this number in JSON. */
export const project = (index: number, around: Surroundings): Wire.Project => {
  const { seed } = around
  const id = Seeded.uuid(seed, Seeded.kind.project, index)
  const place = Seeded.pick(places, detail(seed, index, 4))
  const proponent = Seeded.uuid(seed, Seeded.kind.organization, index)
  const start = iso(1_690_848_000_000 + index * 86_400_000)
  return {
    id,
    num: projectNumber(index),
    fullName: `Project ${projectNumber(index)}`,
    description: `A simulated climate project near ${place.city}.`,
    shortDescription: `Project near ${place.city}`,
    city: place.city,
    state: place.state,
    countryCode: place.countryCode,
    sector: Seeded.pick(sectors, index),
    type: { id: "removal", title: "Removal", description: "Removes carbon dioxide from the atmosphere" },
    methodology: { id: "VM0034", title: "VM0034" },
    thumbnail: `${around.baseUrl}/files/${id}.png`,
    proponents: [
      {
        id: proponent,
        fullName: `Organization ${index + 1}`,
        logo: "logo.png",
        publicUrl: `https://www.carbonregistry.com/explore/organizations/${proponent}`
      }
    ],
    publicUrl: `https://www.carbonregistry.com/explore/projects/${id}`,
    registry: "ICR",
    status: "validated",
    startDate: start,
    creditingPeriodStartDate: start,
    estimatedAnnualMitigations: [null],
    location: { lat: (detail(seed, index, 5) % 120) - 60, lng: (detail(seed, index, 6) % 360) - 180 }
  }
}
