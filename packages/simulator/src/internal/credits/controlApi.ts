/** The credits group of the control interface. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as Schema from "effect/Schema"
import { CreditBooks, CreditHolding, CreditRequestView } from "../../CreditControl.ts"
import { BadRequest } from "../../ErrorBody.ts"

const params = { id: Schema.String }
const done = { success: Schema.Boolean, error: BadRequest }

export const creditGroup = HttpApiGroup.make("credits").add(
  HttpApiEndpoint.get("creditRequests", "/creditRequests", { success: Schema.Array(CreditRequestView) }),
  HttpApiEndpoint.post("acceptRequest", "/creditRequests/:id/accept", { params, ...done }),
  HttpApiEndpoint.post("declineRequest", "/creditRequests/:id/decline", { params, ...done }),
  HttpApiEndpoint.put("setHolding", "/holdings", { payload: CreditHolding, ...done }),
  HttpApiEndpoint.get("books", "/books", { success: CreditBooks })
)
