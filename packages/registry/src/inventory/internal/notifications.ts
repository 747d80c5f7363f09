/** Events of the registry, as the program hears of them, for those who wait for something to change. */
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import type { InstallationId } from "@effect-icr/app/domain/Ids"

/** Wakes who waits. */
export interface Notifications {
  readonly notify: (id: InstallationId) => Effect.Effect<void>
  /** From now on: each run waits for the next event of the installation. */
  readonly listen: (id: InstallationId) => Effect.Effect<Effect.Effect<void>, never, Scope.Scope>
}

/** Nobody waiting yet. */
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
