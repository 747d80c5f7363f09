/**
 * Puts webhook events on a queue that outlives the process, so that a crash loses none.
 *
 * The receiver answers 202 only once the event lies on Effect's `PersistedQueue` (Redis, SQL, or memory for tests); workers
 * in the same or in other processes take it from there. Work is done at least once: a process killed in the middle leaves
 * its event to be taken again when its lock has expired, and failed work is tried again, so `f` has to be idempotent.
 *
 * Duplicates are dropped by the queue itself, atomically with the acceptance, so that no crash can make a redelivery look
 * like a duplicate of what was never queued. The window is a fixed one (by the clock, 10 minutes long): a replay right after
 * its end is new. The queue remembers ids until `PersistedQueue.layerCleanup` removes them; run it somewhere.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import { Webhook } from "@effect-icr/webhooks/Webhook"
 * import * as WebhookQueue from "@effect-icr/webhooks/WebhookQueue"
 * import * as NodeRedis from "@effect/platform-node/NodeRedis"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as PersistedQueue from "effect/persistence/PersistedQueue"
 *
 * const queue = PersistedQueue.layer.pipe(
 *   Layer.provideMerge(PersistedQueue.layerStoreRedis()),
 *   Layer.provide(NodeRedis.layer({ url: "redis://127.0.0.1:6379" }))
 * )
 *
 * export const routes = WebhookQueue.route("/webhook", (event) => Effect.log(event._tag)).pipe(
 *   Layer.merge(PersistedQueue.layerCleanup()),
 *   Layer.provide(queue),
 *   Layer.provide(Webhook.layer),
 *   Layer.provide(IcrApp.layer)
 * )
 * ```
 *
 * ```ts
 * import { Webhook } from "@effect-icr/webhooks/Webhook"
 * import * as WebhookQueue from "@effect-icr/webhooks/WebhookQueue"
 * import * as WebhookWeb from "@effect-icr/webhooks/WebhookWeb"
 * import { Effect, Layer, Redacted } from "effect"
 * import { PersistedQueue } from "effect/persistence"
 *
 * const secret = Redacted.make(process.env["ICR_WEBHOOK_SECRET"] ?? "")
 * // Redis or SQL in a real program: memory ends with the process
 * const queue = PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreMemory))
 * const layer = Layer.merge(Webhook.layerVerifyOnly({ secret }), queue)
 *
 * // One process receives,
 * export const receiver = WebhookWeb.make(layer, WebhookQueue.handler())
 * // and others work.
 * export const workers = Layer.effectDiscard(WebhookQueue.work((event) => Effect.log(event.event))).pipe(
 *   Layer.provide(layer)
 * )
 * ```
 *
 * @module
 */
import { count, layerOptions, millis } from "@effect-icr/app/extension"
import type { IcrError } from "@effect-icr/app/IcrError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Ref from "effect/Ref"
import type * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { eventOrNamedError } from "./internal/verify.ts"
import { supervised } from "./internal/workers.ts"
import { type Accepted, type Handler, Webhook } from "./Webhook.ts"
import type { WebhookEvent } from "./WebhookEvent.ts"

/**
 * Which queue; the receiver and its workers give the same.
 *
 * @category options
 * @since 0.1.0
 */
export interface QueueOptions {
  /** Default `icr-webhooks`. Two apps on one store need two names. */
  readonly name?: string | undefined
  /** How often an event is tried before it counts as failed and stays in the store for a person to look at. Default 10. */
  readonly maxAttempts?: number | undefined
  /** Delays between the attempts; default from 1 s doubling to 5 min. */
  readonly retrySchedule?: Schedule.Schedule<unknown, number> | undefined
}

/**
 * How events are put on the queue.
 *
 * @category options
 * @since 0.1.0
 */
export interface HandlerOptions extends QueueOptions {
  /** For how long the same content counts as a duplicate, at the most; default 10 minutes, 0 turns it off. */
  readonly deduplicationWindow?: Duration.Input | undefined
}

/**
 * How events are worked on.
 *
 * @category options
 * @since 0.1.0
 */
export interface WorkerOptions extends QueueOptions {
  /** Events worked on side by side; default 16. */
  readonly concurrency?: number | undefined
  /** How long work in progress may go on when the program stops; then it is handed back to the queue. Default 30 s. */
  readonly shutdownTimeout?: Duration.Input | undefined
}

/** The signed text itself: nothing is lost on the way, and a newer version of the program decodes it its own way. */
const Element = Schema.Struct({ signedData: Schema.String, id: Schema.String })

const queueOf = ({ maxAttempts, name = "icr-webhooks", retrySchedule }: QueueOptions) =>
  PersistedQueue.make({ name, schema: Element, maxAttempts, retrySchedule })

/**
 * A receiver that answers 202 once the event is on the queue, 503 when the queue cannot take it. Does not feed
 * `Webhook.events`, since the queue alone knows which deliveries are new.
 *
 * @category constructors
 * @since 0.1.0
 */
export const handler = Effect.fnUntraced(function* (
  given: HandlerOptions = {}
): Effect.fn.Return<Handler, IcrError, Webhook | PersistedQueue.PersistedQueueFactory> {
  const options = yield* layerOptions(given)
  const window = yield* millis("deduplicationWindow", options.deduplicationWindow, "10 minutes")
  const queue = yield* queueOf(options)
  const offerOptions = ({ id }: Accepted) =>
    window === 0
      ? Effect.succeed({})
      : Effect.map(Clock.currentTimeMillis, (now) => ({ id: `${id}@${Math.floor(now / window)}` }))
  return yield* (yield* Webhook).handlerWith(
    (accepted) => Effect.flatMap(offerOptions(accepted), (options) => queue.offer(accepted, options)),
    { deduplicate: false }
  )
})

/** How long a worker rests after a failure of the store. */
const restAfterFailure = Duration.seconds(1)

/**
 * Starts workers that take events from the queue until the scope closes. Failures are logged, counted and tried again. A
 * shutdown waits for the work in progress, up to `shutdownTimeout`, and hands the rest back.
 *
 * @category constructors
 * @since 0.1.0
 */
export const work = Effect.fnUntraced(function* <E, R>(
  f: (event: WebhookEvent) => Effect.Effect<unknown, E, R>,
  given: WorkerOptions = {}
): Effect.fn.Return<void, IcrError, R | Scope.Scope | Webhook | PersistedQueue.PersistedQueueFactory> {
  const options = yield* layerOptions(given)
  const shutdownTimeout = Duration.millis(yield* millis("shutdownTimeout", options.shutdownTimeout, "30 seconds"))
  const concurrency = yield* count("concurrency", options.concurrency, 16, 1)
  const { invalidateToken } = yield* Webhook
  const queue = yield* queueOf(options)
  const isStopping = yield* Ref.make(false)

  const workOn = Effect.fnUntraced(function* ({ id, signedData }: typeof Element.Type) {
    const event = yield* Effect.tapError(eventOrNamedError(signedData), (error) =>
      Effect.logError("An event on the webhook queue could not be decoded", error)
    )
    yield* supervised(
      { event, id },
      Effect.suspend(() => Effect.andThen(invalidateToken(event, id), f(event)))
    )
  })

  const startWorker = Effect.gen(function* () {
    const state = yield* Ref.make<"idle" | "working" | "failed">("idle")
    const takeOne = Effect.exit(
      queue.take((element) =>
        Ref.set(state, "working").pipe(
          Effect.andThen(workOn(element)),
          Effect.onError(() => Ref.set(state, "failed"))
        )
      )
    )
    const loop = Effect.gen(function* () {
      const exit = yield* takeOne
      // A failure of the work, of whatever type, is logged already; any other is the store's.
      const hasWorkFailed = (yield* Ref.getAndSet(state, "idle")) === "failed"
      if (Exit.isSuccess(exit) || hasWorkFailed) return
      yield* Effect.logWarning("The webhook queue failed", exit.cause)
      yield* Effect.sleep(restAfterFailure)
    })
    const fiber = yield* Effect.forkScoped(Effect.repeat(loop, { until: () => Ref.get(isStopping) }))
    return { state, fiber }
  })
  const workers = yield* Effect.replicateEffect(startWorker, concurrency)

  // Runs before the workers' own finalizers interrupt them: an interruption in the middle of work would repeat it.
  yield* Effect.addFinalizer(() =>
    Effect.andThen(
      Ref.set(isStopping, true),
      Effect.forEach(
        workers,
        Effect.fnUntraced(function* ({ fiber, state }) {
          const isIdle = (yield* Ref.get(state)) === "idle"
          if (!isIdle) yield* Effect.timeoutOption(Fiber.await(fiber), shutdownTimeout)
          yield* Fiber.interrupt(fiber)
        }),
        { concurrency: "unbounded", discard: true }
      )
    )
  )
})

/**
 * Receiver and workers in one process: `HttpRouter.serve(WebhookQueue.route("/webhook", f))`.
 *
 * @category layers
 * @since 0.1.0
 */
export const route = <E, R>(
  path: HttpRouter.PathInput,
  f: (event: WebhookEvent) => Effect.Effect<unknown, E, R>,
  options: HandlerOptions & WorkerOptions = {}
): Layer.Layer<never, IcrError, R | Webhook | PersistedQueue.PersistedQueueFactory | HttpRouter.HttpRouter> =>
  Layer.unwrap(
    Effect.gen(function* () {
      yield* work(f, options)
      const { respond } = yield* handler(options)
      return HttpRouter.add("POST", path, respond)
    })
  )
