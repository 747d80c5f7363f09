/** Serves the credits group of the control interface. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type { Control } from "../../Control.ts"
import { ControlApi } from "../../ControlApi.ts"
import { badRequest } from "../../ErrorBody.ts"
import type { SimulatorError } from "../../SimulatorError.ts"

const done = <R>(effect: Effect.Effect<void, SimulatorError, R>) =>
  Effect.mapError(Effect.as(effect, true), ({ message }) => badRequest(message))

/** Handlers of the credits group. */
export const layer = ({ credits }: Control) =>
  HttpApiBuilder.group(ControlApi, "credits", (handlers) =>
    handlers
      .handle("creditRequests", () => credits.requests)
      .handle("acceptRequest", ({ params }) => done(credits.accept(params.id)))
      .handle("declineRequest", ({ params }) => done(credits.decline(params.id)))
      .handle("setHolding", ({ payload }) => done(credits.setHolding(payload)))
      .handle("books", () => credits.books)
  )
