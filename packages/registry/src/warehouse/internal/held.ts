/** What `withReservation` holds at the moment, and whether a finish may have used it up. */
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { ReservationId } from "../../domain/Ids.ts"
import { setOpen } from "./metrics.ts"

/** A hold is `spent` from the moment a finish is sent, unless that is known not to have been done. */
type Hold = "held" | "spent"

/** Reservations in use. */
export interface Held {
  readonly begin: (id: ReservationId) => Effect.Effect<void>
  /** Notes what a finish does to a reservation; those that nobody holds are not kept. */
  readonly mark: (id: ReservationId, as: Hold) => Effect.Effect<void>
  /** Ends a hold; whether the reservation has to be released. */
  readonly end: (id: ReservationId) => Effect.Effect<boolean>
}

/** Nothing held yet. */
export const makeHeld = Effect.gen(function* () {
  const holds = yield* Ref.make(HashMap.empty<ReservationId, Hold>())
  const observe = Effect.flatMap(Ref.get(holds), (all) => setOpen(HashMap.size(all)))
  const held: Held = {
    begin: (id) =>
      Effect.andThen(
        Ref.update(holds, (all) => HashMap.set(all, id, "held")),
        observe
      ),
    mark: (id, as) => Ref.update(holds, (all) => (HashMap.has(all, id) ? HashMap.set(all, id, as) : all)),
    end: (id) =>
      Effect.tap(
        Ref.modify(holds, (all) => [Option.contains(HashMap.get(all, id), "held"), HashMap.remove(all, id)]),
        observe
      )
  }
  return held
})
