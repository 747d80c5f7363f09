/**
 * Looks at calls when their time may be over. One sleeper does so for all calls of a layer: with a timer and a fiber for each
 * of them, the limits would cost as much as the rest of the pipeline.
 */
import type { Clock } from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Result from "effect/Result"
import { monotonic } from "./steadyTime.ts"

/** To be done at its time by the monotonic clock. Those that a watch has taken are linked in a ring, in the order of their times. */
export class Look {
  at = 0
  act: () => void = constVoid
  /** Its time by the time that has been slept. */
  due = 0
  before: Look = this
  after: Look = this
}

/** Where the ring of a watch begins and ends. */
class Ring extends Look {
  isEmpty(): boolean {
    return this.after === this
  }

  push(look: Look): void {
    look.before = this.before
    look.after = this
    this.before.after = look
    this.before = look
  }

  remove(look: Look): void {
    look.before.after = look.after
    look.after.before = look.before
    look.before = look
    look.after = look
  }
}

/** The looks of one layer. */
export interface Watch {
  /**
   * Takes a look later on. False when nobody will, and the call has to see to itself: the sleeper goes by another clock, sleeps
   * beyond that moment, or its clocks have come apart. All calls have the same limits, so that is rare. `now` is what the
   * monotonic clock said last, which spares most calls to ask it once more.
   */
  readonly add: (clock: Clock, look: Look, now: number) => boolean
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
  const looks = new Ring()
  let latest = 0
  let sleeper: Sleeper | undefined
  // What has been slept for is over, whatever the clock says, as under fake timers: how far slept time is ahead of the clock.
  let ahead = 0
  let isChecking = false

  const slept = (clock: Clock) => monotonic(clock) + ahead
  const leadOver = (clock: Clock, slept: number) => clock.currentTimeMillisUnsafe() - slept

  /** Its caller goes on at once, and whatever goes wrong there is none of the sleeper's business. */
  const take = (look: Look) => {
    looks.remove(look)
    const acted = Result.try(() => look.act())
    if (Result.isSuccess(acted)) return
    queueMicrotask(() => {
      throw acted.failure
    })
  }

  const sleep = (clock: Clock): Effect.Effect<void> => {
    if (looks.isEmpty()) {
      sleeper = undefined
      return Effect.void
    }
    const until = looks.after.due
    return Effect.flatMap(clock.sleep(Duration.millis(Math.max(until - slept(clock), 0))), () => {
      ahead += Math.max(until - slept(clock), 0)
      const now = slept(clock)
      while (!looks.isEmpty() && looks.after.due <= now) take(looks.after)
      return sleep(clock)
    })
  }

  const lieDown = (clock: Clock) => {
    const lead = leadOver(clock, slept(clock))
    const fiber = Effect.runFork(Effect.suspend(() => sleep(clock)))
    if (fiber.pollUnsafe() === undefined) sleeper = { clock, fiber, lead, timers: timersOfNow() }
  }

  /** A timer that nobody waits for would keep the process from ending. */
  const wake = () => {
    isChecking = false
    if (!looks.isEmpty() || sleeper === undefined) return
    sleeper.fiber.interruptUnsafe()
    sleeper = undefined
  }

  return {
    add: (clock, look, now) => {
      if (sleeper === undefined) ahead = 0
      look.due = look.at + ahead
      if (sleeper !== undefined) {
        const { lead, timers } = sleeper
        const isOff = (slept: number) => Math.abs(leadOver(clock, slept) - lead) > tolerance
        const isApart = timers !== timersOfNow() || (isOff(now + ahead) && isOff(slept(clock)))
        if (sleeper.clock !== clock || look.due < latest || isApart) return false
      }
      looks.push(look)
      latest = look.due
      if (sleeper === undefined) lieDown(clock)
      return true
    },
    remove: (look) => {
      looks.remove(look)
      if (isChecking || !looks.isEmpty()) return
      isChecking = true
      // Not at once: a program that makes one call after the other has begun the next one by then.
      void Promise.resolve().then(wake)
    }
  }
}
