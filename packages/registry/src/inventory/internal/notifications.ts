/** Passes the registry's events, as the program hears of them, to the calls that wait for a change. */
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import type { InstallationId } from "@effect-icr/app/domain/Ids"

/** Wakes the calls that wait. */
export interface Notifications {
  readonly notify: (id: InstallationId) => Effect.Effect<void>
  /** Listens from now on: each run of the inner effect waits for the next event of the installation. */
  readonly listen: (id: InstallationId) => Effect.Effect<Effect.Effect<void>, never, Scope.Scope>
}

/** Makes notifications that nobody waits for yet. */
export const makeNotifications = Effect.gen(function* () {
  const events = yield* PubSub.unbounded<InstallationId>()
  const notifications: Notifications = {
    notify: (id) => Effect.asVoid(PubSub.publish(events, id)),
    listen: (id) =>
      Effect.map(PubSub.subscribe(events), (subscription) =>
        Effect.asVoid(Effect.repeat(PubSub.take(subscription), { until: (event) => event === id }))
      )
  }
  return notifications
})
