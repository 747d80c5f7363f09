/** What becomes of reservations. No labels of organizations or credits: those would be a series for each customer. */
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

const counters = {
  reserved: counter("icr_reservation_reserved", "Reservations handed out"),
  finished: counter("icr_reservation_finished", "Reservations finished: credits moved or retired"),
  released: counter("icr_reservation_released", "Reservations released without a finish"),
  reserveUncertain: counter(
    "icr_reservation_reserve_uncertain",
    "Reserves of which it is not known whether they were done"
  ),
  finishUncertain: counter(
    "icr_reservation_finish_uncertain",
    "Finishes of which it is not known whether they were done"
  )
}

const open = Metric.gauge("icr_reservation_open", { description: "Reservations held by withReservation now" })

const timeLeft = Metric.histogram("icr_reservation_time_left_seconds", {
  description: "What was left of a hold when its finish was sent",
  boundaries: [0, 15, 30, 60, 120, 240, 360, 480, 600]
})

/** Counts an event. */
export const count = (event: keyof typeof counters): Effect.Effect<void> => Metric.update(counters[event], 1)

/** Counts a reservation that is held from now on, or no longer, whichever layer holds it. */
export const changeOpen = (by: 1 | -1): Effect.Effect<void> => Metric.modify(open, by)

/** Records what is left of a hold at its finish. */
export const observeTimeLeft = (millis: number): Effect.Effect<void> => Metric.update(timeLeft, millis / 1000)
