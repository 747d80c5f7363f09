import { Inventory, Reservation, Warehouse } from "@effect-icr/simulator/Credits"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { Effect, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { body, exchange, firstInstallation } from "./calls.ts"

/** Permissions with which an app may do everything with credits. */
export const everything = {
  organization_info: "VIEW",
  organization_inventory: "REQUEST",
  organization_warehouse: "WRITE"
}

/** The n-th organization. */
export const organization = (index: number) =>
  Effect.gen(function* () {
    const id = (yield* (yield* Simulator).organizationIds)[index]
    return id ?? (yield* Effect.die(`no organization ${index}`))
  })

/** A token of the first installation with {@link everything}. */
export const token = Effect.gen(function* () {
  const id = yield* firstInstallation
  yield* (yield* Simulator).control.setPermissions(id, everything)
  return yield* exchange(id)
})

/** Sends a request about the first organization. A body is JSON text, so that it can carry any digits. */
export const ask = Effect.fnUntraced(function* (
  method: "GET" | "POST" | "DELETE",
  path: string,
  bearer: string,
  text?: string
) {
  const { baseUrl } = yield* Simulator
  const client = yield* HttpClient.HttpClient
  const request = HttpClientRequest.make(method)(`${baseUrl}/organizations/${yield* organization(0)}${path}`).pipe(
    HttpClientRequest.bearerToken(bearer)
  )
  return yield* client.execute(
    text === undefined ? request : HttpClientRequest.bodyText(request, text, "application/json")
  )
})

/** Credits of the first organization's warehouse. */
export const warehouse = Effect.fnUntraced(function* (bearer: string) {
  return (yield* Effect.flatMap(ask("GET", "/warehouse/inventory", bearer), body(Warehouse))).credits
})

/** Credits of the first organization's inventory. */
export const inventory = Effect.fnUntraced(function* (bearer: string) {
  return (yield* Effect.flatMap(ask("GET", "/inventory", bearer), body(Inventory))).credits
})

/** The first of some credits. */
export const first = <A>(all: ReadonlyArray<A>) => all[0] ?? raise("nothing there")

const raise = (message: string): never => {
  throw new Error(message)
}

const reservations = "/warehouse/inventory/reservations"

/** Asks to reserve an amount, given by its digits. */
export const reserving = (bearer: string, creditId: string, amount: string) =>
  ask("POST", reservations, bearer, `{"creditId":"${creditId}","amount":${amount}}`)

/** A reservation. */
export const reserve = Effect.fnUntraced(function* (bearer: string, creditId: string, amount: string) {
  return yield* Effect.flatMap(reserving(bearer, creditId, amount), body(Reservation))
})

/** All reservations that the token sees. */
export const listed = Effect.fnUntraced(function* (bearer: string) {
  const List = Schema.Struct({ reservations: Schema.Array(Reservation) })
  return (yield* Effect.flatMap(ask("GET", reservations, bearer), body(List))).reservations
})

/** Finishes a reservation. */
export const finishing = (
  bearer: string,
  id: string,
  action: "transfer" | "retire" | "transfer_retire",
  receiverId: string,
  retirementData?: { readonly reason: string; readonly beneficiaryName: string; readonly comment?: string }
) =>
  ask(
    "POST",
    `${reservations}/${id}/${action}`,
    bearer,
    JSON.stringify({ receiverId, ...(retirementData === undefined ? {} : { retirementData }) })
  )

/** Releases a reservation. */
export const releasing = (bearer: string, id: string) => ask("DELETE", `${reservations}/${id}`, bearer)
