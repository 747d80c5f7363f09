/**
 * The credits that exist: each project has five, one for each vintage. They follow from the seed; none is stored, and
 * the same id means the same credit wherever it is held.
 */
import * as Present from "../present.ts"
import * as Seeded from "../seeded.ts"
import type { OrganizationRecord } from "../Tables.ts"
import * as Amount from "./amount.ts"
import type { Credit } from "./records.ts"

/** What determines the credits. */
export interface Seeds {
  readonly seed: number
  /** Number of projects. Without any there are no credits. */
  readonly projects: number
}

/** Number of credits of each project. */
export const tokens = 5
const firstVintage = 2018

/** Issued of each credit, in units. More than 100,000 organizations hold of it at the start. */
export const supply = Amount.fromTonnes(200_000_000)

/** A credit of a project. */
export const credit = (seed: number, project: number, token: number): Credit => {
  const type = token === 1 ? "exAnte" : "exPost"
  const tokenAddress = `0x${Seeded.hex(seed, Seeded.kind.contract, project, 5)}`
  const vintage = String(firstVintage + token)
  return {
    id: `${type}-${token}-${tokenAddress}`,
    type,
    tokenId: String(token),
    tokenAddress,
    project,
    serialization: `ICR-ISL-354-${Present.projectNumber(project)}-14-R-0-${vintage}`,
    vintage
  }
}

/** All credits of a project. */
export const ofProject = (seed: number, project: number): ReadonlyArray<Credit> =>
  Array.from({ length: tokens }, (_, token) => credit(seed, project, token))

/** The first credit that `matches`. */
export const find = ({ projects, seed }: Seeds, matches: (credit: Credit) => boolean): Credit | undefined => {
  for (let project = 0; project < projects; project++) {
    const found = ofProject(seed, project).find(matches)
    if (found !== undefined) return found
  }
  return undefined
}

/** Credits of an organization's inventory at the start; the rest of the five are in its warehouse. */
const inInventory = 3

/** Most decimals of the amounts at the start: whole, three, or as many as a token has. */
const decimalsOf = [0, 3, 18, 0, 18] as const

/** What an organization holds at the start, in inventory and warehouse. */
export const held = (owner: OrganizationRecord, { projects, seed }: Seeds, place: "inventory" | "warehouse") => {
  const positions = projects === 0 ? [] : place === "inventory" ? [0, 1, 2] : [inInventory, inInventory + 1]
  return positions.map((token) => {
    const word = (at: number) => Seeded.word(seed, Seeded.kind.credit, owner.index * tokens + token, at)
    const decimals = decimalsOf[token] ?? 0
    const fraction = `${word(3)}${word(4)}`.padStart(decimals, "7").slice(0, decimals)
    const units = Amount.parse(`${1 + (word(2) % 1000)}.${fraction === "" ? "0" : fraction}`) ?? 0n
    return { credit: credit(seed, word(0) % projects, token), units }
  })
}
