/** What the tests of credit requests share: the seller's inventory, and a registry whose requests fail. */
import { Registry } from "@effect-icr/registry/Registry"
import { Effect } from "effect"
import { buyer, creditId, type Fault, makeFaulty, seller } from "./fake.ts"

/** Requests fail; everything else works. */
export const withFault = (fault: Fault) => makeFaulty(({ method }) => method === "POST", fault)

/** The seller's inventory. */
export const inventory = Effect.map(Registry, (registry) => registry.organization(seller).inventory)

/** A transfer of half a tonne, asked for. */
export const transfer = Effect.flatMap(inventory, ({ request }) =>
  request("transfer", { creditId, amount: "0.5", toOrganizationId: buyer })
)
