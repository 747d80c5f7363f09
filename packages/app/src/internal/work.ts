/** Work on accepted events in this process, after the answer: bounded, supervised, finished before the process stops. */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { WebhookEvent } from "../domain/WebhookEvent.ts"
import type { IcrError } from "../IcrError.ts"
import { refusal } from "./delivery.ts"
import { count } from "./webhookMetrics.ts"

/**
 * One event's work, logged and counted, its outcome kept. A stop from outside is passed on; work that interrupts itself
 * (by joining an interrupted fiber, say) has failed like any other, and must not look like that stop.
 */
export const supervised = <A, E, R>(event: WebhookEvent, work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  work.pipe(
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.die(new Error("the work interrupted itself")) : Effect.failCause(cause)
    ),
    Effect.onExit((exit) => {
      if (Exit.isSuccess(exit)) return count("handled")
      return Cause.hasInterruptsOnly(exit.cause)
        ? count("abandoned")
        : Effect.andThen(
            count("failed"),
            Effect.logError(`The work on the webhook event ${event.event} failed`, exit.cause)
          )
    }),
    Effect.withSpan("Webhook.work", { attributes: { "icr.webhook.event": event.event } })
  )

export interface WorkLimits {
  /** Events worked on side by side. */
  readonly concurrency: number
  /** Events accepted and not yet done, those being worked on included. */
  readonly capacity: number
  /** For how long the work may go on after a stop was asked for, in milliseconds. */
  readonly drain: number
}

/** Takes an event's work on, or refuses it. */
export type Workers<R> = (
  event: WebhookEvent,
  work: Effect.Effect<unknown, unknown, R>
) => Effect.Effect<void, IcrError>

/**
 * Runs work apart from the request that brought it. Refuses more than `capacity`, and everything once the scope closes;
 * closing waits for what was accepted, up to `drain`.
 */
export const makeWorkers = Effect.fnUntraced(function* <R>(
  limits: WorkLimits
): Effect.fn.Return<Workers<R>, never, R | Scope.Scope> {
  const fibers = yield* FiberSet.make<unknown, unknown>()
  // The context of the program, not of a request: a request's scope and span end with its answer.
  const run = yield* FiberSet.runtime(fibers)<R>()
  const permits = yield* Semaphore.make(limits.concurrency)
  let waiting = 0
  let isStopping = false

  // Added after the set's own finalizer, so it runs before that one interrupts what is left.
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      isStopping = true
      return FiberSet.awaitEmpty(fibers).pipe(
        Effect.timeoutOption(Duration.millis(limits.drain)),
        Effect.flatMap(
          Option.match({
            onSome: () => Effect.void,
            onNone: () => Effect.logWarning(`${waiting} webhook events are cut off, since the program stops`)
          })
        )
      )
    })
  )

  const done = Effect.sync(() => {
    waiting--
  })

  return (event, work) =>
    Effect.suspend(() => {
      if (isStopping) return Effect.fail(refusal("stopping"))
      if (waiting >= limits.capacity) return Effect.fail(refusal("overloaded"))
      waiting++
      run(Effect.ensuring(supervised(event, Semaphore.withPermit(permits)(work)), done))
      return Effect.void
    })
})
