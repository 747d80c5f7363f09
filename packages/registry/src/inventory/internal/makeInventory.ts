/** Puts the operations of one inventory together. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { callOptions } from "@effect-icr/app/extension"
import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import { InventoryCredit } from "../../domain/Credits.ts"
import type { Inventory } from "../Inventory.ts"
import { allRequests, getRequest, settled } from "./requests.ts"
import { request, resolveRequest } from "./request.ts"
import { canRead, type InventoryContext } from "./shared.ts"

const decodeCredits = schemaBodyJson(Schema.Struct({ credits: Schema.Array(InventoryCredit) }))

/** One organization's inventory. */
export const makeInventory = (context: InventoryContext): Inventory => {
  const creditsWith: Inventory["creditsWith"] = Effect.fnUntraced(function* (options) {
    const operation = "Registry.inventory.credits"
    const { development = false } = yield* callOptions(operation, options)
    const query = development ? { development: "true" } : {}
    return (yield* context.calls.get({ operation, permission: canRead, path: "/inventory", query }, decodeCredits))
      .credits
  })
  return {
    credits: creditsWith({}),
    creditsWith,
    request: (action, options) => request(context, action, options),
    requests: {
      all: allRequests(context),
      get: (id) => getRequest(context, id),
      settled: (id, options) => settled(context, id, options)
    },
    resolve: (uncertain) => resolveRequest(context, uncertain)
  }
}
