/** What the tests of a finish share: the seller's warehouse, and a registry whose finishes fail. */
import { Registry, type Options } from "@effect-icr/registry/Registry"
import { Effect } from "effect"
import { buyer, creditId, type Fake, type Fault, makeFake, registryLayer, type Seen, seller } from "./fake.ts"

/** What a certificate is to say. */
export const retirementData = { reason: "Voluntary purposes", beneficiaryName: "Jane Doe", comment: "Order 1" }

/** What a finish with a retirement is given. */
export const options = { receiverId: buyer, retirementData }

/** Whether a request finishes a reservation. */
export const isFinish = ({ method, path }: Seen) => method === "POST" && !path.endsWith("/reservations")

/** Finishes fail; everything else works. */
export const withFault = (fault: Fault) => {
  const fake = makeFake()
  fake.fault = (request) => (isFinish(request) ? fault : undefined)
  return fake
}

/** Runs a test over the registry. */
export const provide = (fake: Fake, given?: Options) => Effect.provide(registryLayer(fake, given))

/** The seller's warehouse. */
export const warehouse = Effect.map(Registry, (registry) => registry.organization(seller).warehouse)

/** A reservation of half a tonne. */
export const reserve = Effect.flatMap(warehouse, ({ reserve: hold }) => hold({ creditId, amount: "0.5" }))

/** That reservation, transferred and retired. */
export const retire = Effect.gen(function* () {
  const { finish } = yield* warehouse
  return yield* finish("transfer_retire", yield* reserve, options)
})
