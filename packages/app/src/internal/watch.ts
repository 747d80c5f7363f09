/**
 * Looks at calls when their time may be over. One sleeper does so for all calls of a layer: with a timer and a fiber for each
 * of them, the limits would cost as much as the rest of the pipeline.
 */
import type { Clock } from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { monotonic } from "./steadyTime.ts"

/** To be done when the monotonic clock says so. */
export interface Look {
  readonly at: number
  readonly act: () => void
}

/** The looks of one layer. */
export interface Watch {
  /**
   * Takes a look later on. False when nobody will, and the call has to see to itself: the sleeper goes by another clock, sleeps
   * beyond that moment, or its clocks have come apart. All calls have the same limits, so that is rare.
   */
  readonly add: (clock: Clock, look: Look) => boolean
  /** Does not look any more. */
  readonly remove: (look: Look) => void
}

interface Sleeper {
  readonly clock: Clock
  readonly fiber: Fiber.Fiber<void>
  /** How far the wall clock was ahead of slept time when it lay down. */
  readonly lead: number
  readonly timers: unknown
}

/** By which timers clocks sleep, as long as a test does not put others in their place. */
// oxlint-disable-next-line no-restricted-globals -- looked at, never called
const timersOfNow = (): unknown => setTimeout

/** Milliseconds. Two clocks that differ by more have come apart: one was set, or a test's fake timers move only one of them. */
const tolerance = 100

/** Nobody to look at, and nobody asleep. */
export const makeWatch = (): Watch => {
  // Each with its time, in the order of their times, which is that in which they were added.
  const looks = new Map<Look, number>()
  let latest = 0
  let sleeper: Sleeper | undefined
  // What has been slept for is over, whatever the clock says, as under fake timers: how far slept time is ahead of the clock.
  let ahead = 0
  let isChecking = false

  const slept = (clock: Clock) => monotonic(clock) + ahead
  const leadOf = (clock: Clock) => clock.currentTimeMillisUnsafe() - slept(clock)

  /** Its caller goes on at once, and whatever goes wrong there is none of the sleeper's business. */
  const take = (look: Look) => {
    looks.delete(look)
    const acted = Result.try(() => look.act())
    if (Result.isSuccess(acted)) return
    queueMicrotask(() => {
      throw acted.failure
    })
  }

  const sleep = (clock: Clock): Effect.Effect<void> => {
    const [until] = looks.values()
    if (until === undefined) {
      sleeper = undefined
      return Effect.void
    }
    return Effect.flatMap(clock.sleep(Duration.millis(Math.max(until - slept(clock), 0))), () => {
      ahead += Math.max(until - slept(clock), 0)
      const now = slept(clock)
      for (const [look, at] of looks) {
        if (at > now) break
        take(look)
      }
      return sleep(clock)
    })
  }

  const lieDown = (clock: Clock) => {
    const lead = leadOf(clock)
    const fiber = Effect.runFork(sleep(clock))
    if (fiber.pollUnsafe() === undefined) sleeper = { clock, fiber, lead, timers: timersOfNow() }
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
      if (sleeper === undefined) ahead = 0
      const at = look.at + ahead
      if (sleeper !== undefined) {
        const isApart = Math.abs(leadOf(clock) - sleeper.lead) > tolerance || sleeper.timers !== timersOfNow()
        if (sleeper.clock !== clock || at < latest || isApart) return false
      }
      looks.set(look, at)
      latest = at
      if (sleeper === undefined) lieDown(clock)
      return true
    },
    remove: (look) => {
      looks.delete(look)
      if (looks.size > 0 || isChecking) return
      isChecking = true
      // Not at once: a program that makes one call after the other has begun the next one by then.
      void Promise.resolve().then(wake)
    }
  }
}
