/** The time limits of a call: one deadline for all of it, and a shorter limit for each attempt. */
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { IcrError } from "../IcrError.ts"
import { monotonic } from "./steadyTime.ts"
import { Look, type Watch } from "./watch.ts"

/** What all calls of a layer share. Times in milliseconds. */
export interface Limits {
  readonly attemptTimeout: number
  readonly deadline: number
  readonly watch: Watch
}

type Resume<B> = (effect: Effect.Effect<B, IcrError>) => void

/** A call within its limits, which goes step by step. */
export abstract class Limited<Options extends Limits> extends Look {
  readonly options: Options
  readonly clock: Clock
  readonly started: number
  /** Nothing of the call goes on after that. */
  readonly end: number
  /** When the attempt under way is to end; the end of the call until one is. */
  attemptEnd: number
  /** What the clock said last. */
  seen: number

  /** `started`: what the clock says. */
  constructor(options: Options, clock: Clock, started: number) {
    super()
    this.options = options
    this.clock = clock
    this.started = started
    this.end = started + options.deadline
    this.attemptEnd = this.end
    this.seen = started
  }

  abstract timedOut(of: "attempt" | "call"): IcrError

  /** Not the wall clock, which may be set while the call is under way. */
  now(): number {
    this.seen = monotonic(this.clock)
    return this.seen
  }

  left(): number {
    return this.end - this.now()
  }

  /**
   * Ends a step at the deadline, and the attempt in it at its own limit. The step goes as far as it can without waiting before
   * anybody begins to watch.
   */
  inTime<B>(step: () => Effect.Effect<B, IcrError>): Effect.Effect<B, IcrError> {
    return Effect.withFiber(({ context }) => {
      this.attemptEnd = this.end
      if (this.left() <= 0) return Effect.fail(this.timedOut("call"))
      return Effect.callback<B, IcrError>((resume) => {
        const fiber = Effect.runForkWith(context)(step())
        const exit = fiber.pollUnsafe()
        if (exit !== undefined) return resume(exit)
        fiber.addObserver((exit) => {
          this.options.watch.remove(this)
          resume(exit)
        })
        this.watchStep(fiber, resume)
        return Effect.suspend(() => this.leaveStep(fiber))
      })
    })
  }

  /** An attempt begins now; false when there is no time left for it. */
  beginAttempt(): boolean {
    const now = this.now()
    this.attemptEnd = Math.min(now + this.options.attemptTimeout, this.end)
    return now < this.end
  }

  private watchStep<B>(step: Fiber.Fiber<B, IcrError>, resume: Resume<B>): void {
    const { attemptTimeout, watch } = this.options
    const until = this.attemptEnd
    // Where an attempt begins only later, this is early enough to see when that is to end.
    this.at = until < this.end ? until : Math.min(until, this.now() + attemptTimeout)
    const ended = (effect: Effect.Effect<B, IcrError>) => resume(Effect.onExit(effect, () => this.leaveStep(step)))
    const goOn = () => ended(Effect.raceFirst(Fiber.join(step), this.watch()))
    this.act = () => (this.at === this.attemptEnd ? ended(this.isOver()) : goOn())
    if (!watch.add(this.clock, this, this.seen)) goOn()
  }

  private leaveStep<B>(step: Fiber.Fiber<B, IcrError>): Effect.Effect<void> {
    this.options.watch.remove(this)
    return step.pollUnsafe() === undefined ? Fiber.interrupt(step) : Effect.void
  }

  private isOver(): Effect.Effect<never, IcrError> {
    return Effect.fail(this.timedOut(this.attemptEnd < this.end ? "attempt" : "call"))
  }

  /** What the layer's watch does for one call alone. */
  private watch(): Effect.Effect<never, IcrError> {
    return Effect.suspend(() => {
      const until = this.attemptEnd
      const rest = Math.max(until - this.now(), 0)
      const first = Math.max(this.options.attemptTimeout, 1)
      return Effect.flatMap(Effect.sleep(Math.min(rest, first)), () =>
        this.attemptEnd === until && rest <= first ? this.isOver() : this.watch()
      )
    })
  }
}
