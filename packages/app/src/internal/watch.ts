/**
 * Looks at calls when their time may be over. One sleeper does so for all calls of a layer: with a timer and a fiber for each
 * of them, the limits would cost as much as the rest of the pipeline.
 */
import type { Clock } from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { monotonic } from "./steadyTime.ts"

/** To be done when the monotonic clock says so. */
export interface Look {
  readonly at: number
  readonly act: () => void
}

/** The looks of one layer. */
export interface Watch {
  /**
   * Takes a look later on. False when nobody will: the sleeper goes by another clock, or sleeps beyond that moment. All calls
   * have the same limits, so both are rare, and such a call sees to itself.
   */
  readonly add: (clock: Clock, look: Look) => boolean
  /** Does not look any more. */
  readonly remove: (look: Look) => void
}

/** Nobody to look at, and nobody asleep. */
export const makeWatch = (): Watch => {
  // In the order of their time, which is that in which they were added.
  const looks = new Set<Look>()
  let latest = 0
  let sleeper: { readonly clock: Clock; readonly fiber: Fiber.Fiber<void> } | undefined
  let isChecking = false

  const sleep = (clock: Clock): Effect.Effect<void> => {
    const [next] = looks
    if (next === undefined) {
      sleeper = undefined
      return Effect.void
    }
    const rest = Duration.millis(Math.max(next.at - monotonic(clock), 0))
    return Effect.flatMap(clock.sleep(rest), () => {
      const now = monotonic(clock)
      for (const look of looks) {
        // What has been slept for is over, whatever the clock says: they need not agree, as under a test's fake timers.
        if (look !== next && look.at > now) break
        looks.delete(look)
        look.act()
      }
      return sleep(clock)
    })
  }

  /** A timer that nobody waits for would keep the process from ending. */
  const wake = () => {
    isChecking = false
    if (looks.size > 0 || sleeper === undefined) return
    sleeper.fiber.interruptUnsafe()
    sleeper = undefined
  }

  return {
    add: (clock, look) => {
      if (sleeper !== undefined && sleeper.clock !== clock) return false
      if (looks.size > 0 && look.at < latest) return false
      looks.add(look)
      latest = look.at
      sleeper ??= { clock, fiber: Effect.runFork(sleep(clock)) }
      return true
    },
    remove: (look) => {
      looks.delete(look)
      if (looks.size > 0 || isChecking) return
      isChecking = true
      // Not at once: a program that makes one call after the other has begun the next one by then.
      queueMicrotask(wake)
    }
  }
}
