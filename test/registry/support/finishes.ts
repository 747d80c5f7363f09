/** What the tests of a finish share: the seller's warehouse, and a registry whose finishes fail. */
import { Registry } from "@effect-icr/registry/Registry"
import { Effect } from "effect"
import { buyer, creditId, type Fault, makeFaulty, retirementData, type Seen, seller } from "./fake.ts"

/** What a finish with a retirement is given. */
export const options = { receiverId: buyer, retirementData }

/** Whether a request finishes a reservation. */
export const isFinish = ({ method, path }: Seen) => method === "POST" && !path.endsWith("/reservations")

/** Finishes fail; everything else works. */
export const withFault = (fault: Fault) => makeFaulty(isFinish, fault)

/** The seller's warehouse. */
export const warehouse = Effect.map(Registry, (registry) => registry.organization(seller).warehouse)

/** A reservation of half a tonne. */
export const reserve = Effect.flatMap(warehouse, ({ reserve: hold }) => hold({ creditId, amount: "0.5" }))

/** That reservation, transferred and retired. */
export const retire = Effect.gen(function* () {
  const { finish } = yield* warehouse
  return yield* finish("transfer_retire", yield* reserve, options)
})
