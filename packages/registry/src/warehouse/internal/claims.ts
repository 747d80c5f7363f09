/** Decides which call a reservation is handed out to. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type DeduplicationStore, makeMemory, withTimeout } from "@effect-icr/app/DeduplicationStore"
import type { Service as App } from "@effect-icr/app/IcrApp"
import { clockTolerance, registryTimeAt } from "../../calls/internal/registryClock.ts"
import type { Reservation } from "../../domain/Reservation.ts"

/** Whether this call may have the reservation. `unknown`: it cannot be told. */
export type Claim = "mine" | "taken" | "unknown"

/** Claims of reservations. */
export interface Claims {
  /** Claims a reservation that the registry named in its answer to this very call. */
  readonly answered: (reservation: Reservation) => Effect.Effect<Claim>
  /** Claims a reservation that a look found. */
  readonly found: (reservation: Reservation) => Effect.Effect<Claim>
}

/** Far longer than any reservation lives. */
const timeToLive = Duration.hours(1)

const claimIn = (store: DeduplicationStore) => (reservation: Reservation) =>
  store.claim(`reservation/${reservation.id}`, timeToLive).pipe(
    Effect.map((first): Claim => (first ? "mine" : "taken")),
    Effect.catch((error) =>
      Effect.as(Effect.logWarning("A reservation could not be claimed", error), "unknown" as const)
    )
  )

/** Claims that all processes share. */
const shared = (store: DeduplicationStore): Claims => {
  const claim = claimIn(withTimeout(store))
  return { answered: claim, found: claim }
}

/**
 * Claims of the only process. What was reserved before it started may have been handed out by the process before it.
 */
const ofSoleProcess = Effect.fnUntraced(function* (app: App) {
  const startedAt = yield* Clock.currentTimeMillis
  const claim = claimIn(yield* makeMemory())
  const claims: Claims = {
    answered: claim,
    found: (reservation) =>
      Effect.flatMap(registryTimeAt(app, startedAt), (start) =>
        DateTime.toEpochMillis(reservation.createdAt) < start + clockTolerance
          ? Effect.succeed("unknown" as const)
          : claim(reservation)
      )
  }
  return claims
})

/** Nothing is known of other processes: only what the registry answers can be handed out. */
const none: Claims = { answered: () => Effect.succeed("mine"), found: () => Effect.succeed("unknown") }

/** Shared claims where they are provided, those of the only process where the program says so, else none. */
export const makeClaims = (
  app: App,
  store: Option.Option<DeduplicationStore>,
  soleProcess: boolean
): Effect.Effect<Claims> => {
  if (Option.isSome(store)) return Effect.succeed(shared(store.value))
  return soleProcess ? ofSoleProcess(app) : Effect.succeed(none)
}
