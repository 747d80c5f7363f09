/** Retirements: those at the start, and how they are found. */
import type { Behaviour } from "../../Behaviour.ts"
import type { Tables } from "../Tables.ts"
import * as Amount from "./amount.ts"
import * as Catalogue from "./catalogue.ts"
import * as Ledger from "./ledger.ts"
import type { RetirementRecord } from "./records.ts"

/** Number of retirements at the start, which is more than one page. */
const atStart = 12
const day = 86_400_000

/** Adds the retirements at the start. Every fourth is on the chain only: nobody has claimed it. */
export const seed = (tables: Tables, { projects, seed }: Catalogue.Seeds, since: number): void => {
  const owners = [...tables.organizations.keys()].slice(0, 3)
  for (let index = 0; index < (projects === 0 ? 0 : atStart); index++) {
    Ledger.retire(tables, seed, {
      createdAt: since + index * day,
      ownerId: index % 4 === 3 ? undefined : owners[index % 4],
      credit: Catalogue.credit(seed, index % projects, 0),
      units: Amount.parse(`${index + 1}.${index === 1 ? "000000000000000001" : "5"}`) ?? 0n,
      data: { reason: "Voluntary purposes", beneficiaryName: `Beneficiary ${index + 1}`, comment: "Travel of a year" }
    })
  }
}

/** All retirements in the order that the switch asks for. */
export const listed = ({ books }: Tables, { creditOrder }: Behaviour): ReadonlyArray<RetirementRecord> => {
  const all = [...books.retirements.values()]
  return creditOrder === "oldestFirst" ? all : all.toReversed()
}

/** A retirement by its UUID or its number. */
export const find = ({ books }: Tables, id: string): RetirementRecord | undefined => {
  const byId = books.retirements.get(id)
  if (byId !== undefined) return byId
  for (const record of books.retirements.values()) if (String(record.number) === id) return record
  return undefined
}
