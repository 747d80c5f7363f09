/** What `withReservation` holds at the moment, and whether a finish may have used it up. */
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { ReservationId } from "../../domain/Ids.ts"
import { changeOpen } from "./metrics.ts"

/** Reservations in use. A finish changes nothing for those that nobody holds. */
export interface Held {
  readonly begin: (id: ReservationId) => Effect.Effect<void>
  /** A finish may be sent: from now on the reservation is not to be released. */
  readonly spend: (id: ReservationId) => Effect.Effect<void>
  /** That finish was certainly not done. What other finishes have spent stays spent. */
  readonly giveBack: (id: ReservationId) => Effect.Effect<void>
  /** Ends a hold; whether the reservation has to be released. */
  readonly end: (id: ReservationId) => Effect.Effect<boolean>
}

/** Nothing held yet. */
export const makeHeld = Effect.gen(function* () {
  /** How many finishes of each were done, may have been done, or are under way. */
  const holds = yield* Ref.make(HashMap.empty<ReservationId, number>())
  const change = (id: ReservationId, by: number) =>
    Ref.update(
      holds,
      HashMap.modify(id, (finishes) => finishes + by)
    )
  const held: Held = {
    begin: (id) => Effect.andThen(Ref.update(holds, HashMap.set(id, 0)), changeOpen(1)),
    spend: (id) => change(id, 1),
    giveBack: (id) => change(id, -1),
    end: (id) =>
      Ref.modify(holds, (all) => [Option.contains(HashMap.get(all, id), 0), HashMap.remove(all, id)]).pipe(
        Effect.tap(changeOpen(-1))
      )
  }
  return held
})
