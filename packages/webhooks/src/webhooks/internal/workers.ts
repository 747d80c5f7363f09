/** Works on accepted events in this process, after the answer: bounded, supervised, finished before the process stops. */
import { count as wholeNumber, layerOptions, millis } from "@effect-icr/app/extension"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import * as Semaphore from "effect/Semaphore"
import { WebhookError } from "../WebhookError.ts"
import { WebhookPlatform } from "../WebhookPlatform.ts"
import { count } from "./metrics.ts"
import type { Accepted, WorkOptions } from "./service.ts"

/**
 * One event's work, logged and counted, its outcome kept. An interruption from outside is passed on. Work that interrupts
 * itself, by joining an interrupted fiber for example, has failed like any other and must not look like a shutdown.
 */
export const supervised = <A, E, R>(
  { event, id }: Pick<Accepted, "event" | "id">,
  work: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  work.pipe(
    Effect.catchCauseIf(Cause.hasInterruptsOnly, () => Effect.die(new Error("the work interrupted itself"))),
    Effect.onExit((exit) => {
      if (Exit.isSuccess(exit)) return count("handled")
      return Cause.hasInterruptsOnly(exit.cause)
        ? count("abandoned")
        : Effect.andThen(
            count("failed"),
            Effect.logError(`The work on the webhook event ${event.event} failed`, exit.cause).pipe(
              Effect.annotateLogs({ event: event.event, id })
            )
          )
    }),
    Effect.withSpan("Webhook.work", { attributes: { "icr.webhook.event": event.event } })
  )

/** Tells the platform of work that goes on. A `waitUntil` that throws leaves the work alone: the event is accepted. */
const keepMachine = Effect.fnUntraced(function* (work: Fiber.Fiber<unknown, unknown>) {
  const platform = yield* WebhookPlatform
  // A framework may pass anything as its second argument.
  if (!Predicate.hasProperty(platform, "waitUntil") || !Predicate.isFunction(platform.waitUntil)) return
  const run = Effect.runPromiseWith(yield* Effect.context<never>())
  yield* Effect.sync(() => platform.waitUntil?.(run(Effect.asVoid(Fiber.await(work))))).pipe(
    Effect.catchDefect((error) =>
      Effect.logWarning("The waitUntil of the platform refused the work on an event", error)
    )
  )
})

interface State {
  /** Events accepted and not yet done. */
  readonly accepted: number
  readonly isStopping: boolean
}

/**
 * Runs work apart from the request that brought it. Refuses more than `capacity`, and everything once the scope closes;
 * closing waits for what was accepted, up to `shutdownTimeout`. Fails with `Configuration` for an option out of range.
 */
export const makeWorkers = Effect.fnUntraced(function* <R>(given: WorkOptions) {
  const options = yield* layerOptions(given)
  const capacity = yield* wholeNumber("capacity", options.capacity, 10_000, 1)
  const permits = yield* Semaphore.make(yield* wholeNumber("concurrency", options.concurrency, 16, 1))
  const shutdownTimeout = Duration.millis(yield* millis("shutdownTimeout", options.shutdownTimeout, "30 seconds"))
  const fibers = yield* FiberSet.make<unknown, unknown>()
  // The context of the program, not of a request: a request's scope and span end with its answer.
  const run = yield* FiberSet.runtime(fibers)<R>()
  const state = yield* Ref.make<State>({ accepted: 0, isStopping: false })

  // Added after the set's own finalizer, so it runs before that one interrupts what is left.
  yield* Effect.addFinalizer(() =>
    Ref.update(state, (state) => ({ ...state, isStopping: true })).pipe(
      Effect.andThen(Effect.timeoutOption(FiberSet.awaitEmpty(fibers), shutdownTimeout)),
      Effect.filterOrElse(Option.isSome, () =>
        Effect.flatMap(Ref.get(state), ({ accepted }) =>
          Effect.logWarning(`The shutdown interrupts the work on ${accepted} webhook events`)
        )
      )
    )
  )

  const enter = Ref.modify(state, (state): readonly [refusal: "stopping" | "overloaded" | undefined, State] => {
    if (state.isStopping) return ["stopping", state]
    if (state.accepted >= capacity) return ["overloaded", state]
    return [undefined, { ...state, accepted: state.accepted + 1 }]
  })
  const leave = Ref.update(state, (state) => ({ ...state, accepted: state.accepted - 1 }))

  /** Begins the work on an event, or refuses it. */
  return Effect.fnUntraced(function* (
    accepted: Accepted,
    work: Effect.Effect<unknown, unknown, R>
  ): Effect.fn.Return<void, WebhookError> {
    const refusal = yield* enter
    if (refusal !== undefined) return yield* new WebhookError({ kind: refusal })
    yield* keepMachine(run(Effect.ensuring(supervised(accepted, Semaphore.withPermit(permits)(work)), leave)))
  }, Effect.uninterruptible)
})
