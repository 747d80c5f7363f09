/** Does something for the first of identical deliveries. */
import type { DeduplicationStore } from "@effect-icr/app/DeduplicationStore"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/**
 * Runs `first` for whoever claims the key first, and `again` for everybody else within the window. A failure or an
 * interruption gives the claim back. A store that fails costs the deduplication, not the delivery.
 */
export const once = <E>(
  { claim, release }: DeduplicationStore,
  key: string,
  window: Duration.Duration,
  first: Effect.Effect<void, E>,
  again: Effect.Effect<void> = Effect.void
): Effect.Effect<void, E> =>
  Effect.acquireUseRelease(
    Effect.catch(claim(key, window), (error) =>
      Effect.as(Effect.logWarning("A webhook delivery could not be checked for duplicates", error), true)
    ),
    (isFirst) => (isFirst ? first : again),
    (isFirst, exit) => (isFirst && Exit.isFailure(exit) ? Effect.ignore(release(key)) : Effect.void)
  )
