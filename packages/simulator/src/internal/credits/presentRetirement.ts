/** Turns retirements, and sums of a project's credits, into the registry's JSON. */
import type {
  AccountCredits,
  OrganizationReference,
  OrganizationRetirement,
  ProjectCredits,
  Retirement
} from "../../Retirements.ts"
import { iso } from "../isoTime.ts"
import * as Present from "../present.ts"
import * as Seeded from "../seeded.ts"
import type { OrganizationRecord, Tables } from "../Tables.ts"
import * as Amount from "./amount.ts"
import * as Catalogue from "./catalogue.ts"
import { projectReference } from "./present.ts"
import type { Credit, RetirementRecord } from "./records.ts"

const organizationReference = (
  owner: OrganizationRecord,
  around: Present.Surroundings
): typeof OrganizationReference.Type => {
  const { fullName, id, logo } = Present.organization(owner, around)
  return { id, fullName, logo, publicUrl: `https://www.carbonregistry.com/explore/organizations/${id}` }
}

/** The id that the switch asks for. */
export const idOf = ({ id, number }: RetirementRecord, { behaviour }: Present.Surroundings): string =>
  behaviour.retirementIds === "uuid" ? id : String(number)

/** A comment that nobody gave has no key. */
const comment = ({ data }: RetirementRecord) => (data.comment === undefined ? {} : { comment: data.comment })

/** A retirement. One that nobody has claimed shows its amount and its project only (Retirements). */
export const retirement = (record: RetirementRecord, tables: Tables, around: Present.Surroundings): Retirement => {
  const { credit, data, ownerId, units } = record
  const shown = { amount: units, project: projectReference(credit.project, around) }
  const owner = ownerId === undefined ? undefined : tables.organizations.get(ownerId)
  if (owner === undefined) return shown
  return {
    createdAt: iso(record.createdAt),
    id: idOf(record, around),
    isClaimed: true,
    reason: data.reason,
    ...comment(record),
    beneficiary: data.beneficiaryName,
    organizationId: owner.id,
    organizationOwner: organizationReference(owner, around),
    serialization: credit.serialization,
    vintage: credit.vintage,
    ...shown
  }
}

/** A retirement in its organization's list. */
export const ofOrganization = (
  record: RetirementRecord,
  owner: OrganizationRecord,
  around: Present.Surroundings
): typeof OrganizationRetirement.Type => {
  const { fullName, id } = projectReference(record.credit.project, around)
  return {
    id: idOf(record, around),
    reason: record.data.reason,
    ...comment(record),
    beneficiary: record.data.beneficiaryName,
    organizationId: owner.id,
    serialization: record.credit.serialization,
    amount: record.units,
    project: { id, fullName }
  }
}

/** Lines of a certificate. */
export const certificate = (record: RetirementRecord, around: Present.Surroundings): ReadonlyArray<string> => [
  "International Carbon Registry, simulated",
  "Certificate of retirement",
  `Number: ${record.number}`,
  `Amount: ${Amount.format(record.units)} tonnes`,
  `Beneficiary: ${record.data.beneficiaryName}`,
  `Reason: ${record.data.reason}`,
  ...(record.data.comment === undefined ? [] : [`Comment: ${record.data.comment}`]),
  `Project: ${Present.project(record.credit.project, around).fullName}`,
  `Serial: ${record.credit.serialization}`,
  `Retired: ${iso(record.createdAt)}`
]

const summaryOf = (tables: Tables, credits: ReadonlyArray<Credit>) => {
  const summary = { exPost: 0n, exPostCancelled: 0n, exAnte: 0n, exAnteCancelled: 0n, retired: 0n, validated: 0n }
  for (const credit of credits) {
    const { cancelled = 0n, retired = 0n } = tables.books.gone.get(credit.id) ?? {}
    summary[credit.type] += Catalogue.supply - cancelled - retired
    summary[`${credit.type}Cancelled`] += cancelled
    summary.retired += retired
    summary.validated += Catalogue.supply
  }
  return summary
}

/** The credits of a project. What is in circulation excludes what was retired or cancelled; no page states it. */
export const projectCredits = (
  index: number,
  tables: Tables,
  around: Present.Surroundings
): typeof ProjectCredits.Type => {
  const credits = Catalogue.ofProject(around.seed, index)
  const verifier = Seeded.uuid(around.seed, Seeded.kind.user, index)
  return {
    summary: summaryOf(tables, credits),
    vintages: credits.map((credit) => ({
      events: [
        {
          id: Seeded.uuid(around.seed, Seeded.kind.chain, index * Catalogue.tokens + Number(credit.tokenId)),
          vintage: credit.vintage,
          createdAt: `${Number(credit.vintage) + 1}-02-01T00:00:00.000Z`,
          amount: Catalogue.supply,
          type: "issuance",
          creditType: "carbon",
          monitoringPeriodStart: `${credit.vintage}-01-01T00:00:00.000Z`,
          monitoringPeriodEnd: `${credit.vintage}-12-31T00:00:00.000Z`,
          files: [],
          verificationBody: {
            id: verifier,
            directoryUrl: `https://www.carbonregistry.com/explore/organizations/${verifier}`,
            fullName: "Verifier"
          }
        }
      ],
      vintage: credit.vintage,
      summary: summaryOf(tables, [credit])
    })),
    project: projectReference(index, around)
  }
}

/** An account of the registry itself, with an amount for each. */
export const accountCredits = (
  account: "buffer" | "adjustment" | "organization",
  { seed }: Present.Surroundings
): typeof AccountCredits.Type => {
  const number = { buffer: 0, adjustment: 1, organization: 2 }[account]
  const amount = (position: number) =>
    Amount.fromTonnes(Seeded.word(seed, Seeded.kind.account, number, position) % 10_000) + Amount.fromTonnes(1) / 2n
  const id = Seeded.uuid(seed, Seeded.kind.account, number)
  return {
    summary: { exPost: amount(0), exAnte: amount(1), retired: amount(2) },
    organization: {
      id,
      fullName: `ICR ${account}`,
      logo: "logo.png",
      publicUrl: `https://www.carbonregistry.com/explore/organizations/${id}`
    }
  }
}
