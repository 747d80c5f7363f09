/** What an effect costs, in operations. */
import { Effect } from "effect"
import * as Scheduler from "effect/Scheduler"

/** How often something was done. */
export interface Operations {
  /** Steps of the interpreter, on all fibers. */
  readonly steps: number
  /** Calls of a method of any `Map` or `Set`, and steps over one. */
  readonly lookups: number
}

class CountingScheduler extends Scheduler.MixedScheduler {
  steps = 0

  // Asked before every step.
  override shouldYield() {
    this.steps++
    return false
  }
}

const methods = ["get", "set", "has", "add", "delete", "clear", "forEach"] as const

const prototypes: ReadonlyArray<object> = [
  Map.prototype,
  Set.prototype,
  Object.getPrototypeOf(new Map().keys()),
  Object.getPrototypeOf(new Set().keys())
]

/** Puts a counter before the methods of maps, sets and their iterators. Returns what takes it away again. */
const count = (onCall: () => void): (() => void) => {
  const undo: Array<() => void> = []
  for (const prototype of prototypes) {
    for (const name of [...methods, "next"] as const) {
      const original = Object.getOwnPropertyDescriptor(prototype, name)
      const method: unknown = original?.value
      if (original === undefined || typeof method !== "function") continue
      Object.defineProperty(prototype, name, {
        ...original,
        value: function (this: unknown, ...args: ReadonlyArray<unknown>) {
          onCall()
          return Reflect.apply(method, this, args)
        }
      })
      undo.push(() => Object.defineProperty(prototype, name, original))
    }
  }
  return () => undo.forEach((restore) => restore())
}

/** Runs an effect and counts its operations. Nothing else may run at the same time. */
export const counting = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Operations, E, R> =>
  Effect.suspend(() => {
    const scheduler = new CountingScheduler()
    let lookups = 0
    return Effect.acquireUseRelease(
      Effect.sync(() => count(() => lookups++)),
      () => Effect.provideService(effect, Scheduler.Scheduler, scheduler),
      (restore) => Effect.sync(restore)
    ).pipe(Effect.map(() => ({ steps: scheduler.steps, lookups })))
  })
