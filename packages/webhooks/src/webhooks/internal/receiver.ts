/** The receiver behind `Webhook`: verify, accept, answer. */
import type { InstallationId } from "@effect-icr/app/domain/Ids"
import { type DeduplicationStore, makeMemory, withTimeout } from "@effect-icr/app/DeduplicationStore"
import { count as wholeNumber, layerOptions, millis } from "@effect-icr/app/extension"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as PubSub from "effect/PubSub"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import { sha256 } from "../../mac/internal/hashing.ts"
import { type Purpose, readSecrets } from "../../mac/internal/secrets.ts"
import { WebhookDeduplication } from "../WebhookDeduplication.ts"
import { WebhookError } from "../WebhookError.ts"
import type { WebhookEvent } from "../WebhookEvent.ts"
import { WebhookPlatform } from "../WebhookPlatform.ts"
import { count } from "./metrics.ts"
import { answerRefused, isRequest, readDelivery, refuse } from "./request.ts"
import type { Accepted, Handler, Options, Service, WorkOptions } from "./service.ts"
import { makeVerifier } from "./verify.ts"
import { makeWorkers } from "./workers.ts"

const missing = "is missing; deliveries cannot be told from forgeries"
const webhookSecret: Purpose = {
  option: "secret",
  variables: ["ICR_WEBHOOK_SECRET", "ICR_WEBHOOK_SECRET_PREVIOUS"],
  missing,
  emptyList: missing,
  shortest: 1,
  tooShort: "is empty, which would accept a signature anybody can compute"
}

const defaultWindow = Duration.minutes(10)

/** Whatever goes wrong while an event is accepted is this side's fault and not the sender's. */
const notAccepted = (cause: Cause.Cause<unknown>): Effect.Effect<never, WebhookError> => {
  const error = Cause.findErrorOption(cause)
  if (Option.isSome(error) && error.value instanceof WebhookError) return Effect.fail(error.value)
  if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
  return Effect.andThen(Effect.logError("A webhook event could not be accepted", cause), refuse("notAccepted"))
}

/** The installation whose token the event makes worthless or outdated. */
const tokenOf = (event: WebhookEvent): InstallationId | undefined =>
  event._tag === "Uninstalled" || event._tag === "Suspended" || event._tag === "NewPermissionsAccepted"
    ? event.installation.id
    : undefined

/**
 * Runs `first` for whoever claims the key first, and `again` for everybody else within the window. A failure or an
 * interruption gives the claim back. A store that fails costs the deduplication, not the delivery.
 */
const once = <E>(
  { claim, release }: DeduplicationStore,
  key: string,
  window: Duration.Duration,
  first: Effect.Effect<void, E>,
  again: Effect.Effect<void> = Effect.void
): Effect.Effect<void, E> =>
  Effect.acquireUseRelease(
    Effect.catch(claim(key, window), (error) =>
      Effect.as(Effect.logWarning("A webhook delivery could not be checked for duplicates", error), true)
    ),
    (isFirst) => (isFirst ? first : again),
    (isFirst, exit) => (isFirst && Exit.isFailure(exit) ? Effect.ignore(release(key)) : Effect.void)
  )

/** Builds the service. Fails with `Configuration` for an option out of range, or without a secret. */
export const makeReceiver = Effect.fnUntraced(function* (
  given: Options,
  invalidateInstallationToken: (id: InstallationId) => Effect.Effect<void>
) {
  const options = yield* layerOptions(given)
  const maxBodyBytes = yield* wholeNumber("maxBodyBytes", options.maxBodyBytes, 1024 * 1024, 1)
  const responseTimeout = yield* millis("responseTimeout", options.responseTimeout, "4 seconds")
  const window = Duration.millis(yield* millis("deduplicationWindow", options.deduplicationWindow, defaultWindow))
  const capacity = yield* wholeNumber("capacity", options.capacity, 1024, 1)
  const provided = Option.getOrUndefined(yield* Effect.serviceOption(WebhookDeduplication))
  const store = withTimeout(provided ?? (yield* makeMemory()))
  const invalidatedHere = yield* makeMemory()
  const verified = yield* makeVerifier(yield* readSecrets(options.secret, webhookSecret), maxBodyBytes)
  const events = yield* Effect.acquireRelease(PubSub.dropping<WebhookEvent>(capacity), PubSub.shutdown)
  const isBehind = yield* Ref.make(false)

  const keyOf = (id: string) => `icr:webhook:${id}`

  // A replay says nothing new about a token, even where replays are worked on.
  const tokenWindow = Duration.isZero(window) ? defaultWindow : window
  const invalidateToken: Service["invalidateToken"] = (event, id) => {
    const installation = tokenOf(event)
    if (installation === undefined) return Effect.void
    const invalidate = invalidateInstallationToken(installation)
    return id === undefined ? invalidate : once(invalidatedHere, id, tokenWindow, invalidate)
  }
  /** Invalidates once for all processes that share a deduplication store, since they may share a token store as well. */
  const invalidateFirst = ({ event, id }: Accepted) =>
    tokenOf(event) === undefined
      ? Effect.void
      : once(store, `${keyOf(id)}:token`, tokenWindow, invalidateToken(event, id))

  /** Without `f`, events go to the stream alone: one that finds no room there is refused. */
  const offer = (event: WebhookEvent) =>
    Effect.flatMap(PubSub.publish(events, event), (hasRoom) => (hasRoom ? Effect.void : refuse("overloaded")))

  /** Elsewhere the stream only observes: an event that finds no room there is missing from it, but accepted all the same. */
  const publish = Effect.fnUntraced(function* (event: WebhookEvent) {
    const hasRoom = yield* PubSub.publish(events, event)
    const wasBehind = yield* Ref.getAndSet(isBehind, !hasRoom)
    if (hasRoom) return
    yield* count("missed")
    if (!wasBehind) yield* Effect.logWarning("A consumer of Webhook.events is too slow: events are missed")
  })

  const receive = Effect.fnUntraced(function* <E>(
    request: HttpServerRequest.HttpServerRequest,
    deduplicate: boolean,
    accept: (accepted: Accepted) => Effect.Effect<unknown, E>
  ) {
    const delivery = yield* readDelivery(request, { bytes: maxBodyBytes, millis: responseTimeout })
    const { bytes, event, signedData } = yield* verified(delivery)
    const accepted = { event, signedData, id: yield* sha256(bytes) }
    const named = { event: event.event, id: accepted.id }
    const counted = Effect.andThen(accept(accepted), count("accepted"))
    yield* invalidateFirst(accepted).pipe(
      Effect.andThen(deduplicate ? once(store, keyOf(accepted.id), window, counted, count("duplicate")) : counted),
      Effect.timeoutOrElse({ duration: responseTimeout, orElse: () => refuse("notAccepted") }),
      Effect.catchCause(notAccepted),
      Effect.mapError(({ detail, kind }) => new WebhookError({ kind, detail, ...named })),
      Effect.annotateLogs(named)
    )
  })

  const receiverOf = Effect.fnUntraced(function* <E, R>(
    accept: (accepted: Accepted) => Effect.Effect<unknown, E, R>,
    deduplicate: boolean
  ): Effect.fn.Return<Handler, never, R> {
    const context = yield* Effect.context<R>()
    const toFetch = HttpEffect.toWebHandlerWith<never, HttpServerRequest.HttpServerRequest>(
      yield* Effect.context<never>()
    )
    const isChecked = deduplicate && !Duration.isZero(window)
    const respond = HttpServerRequest.HttpServerRequest.pipe(
      Effect.flatMap((request) =>
        receive(request, isChecked, (accepted) => Effect.provideContext(accept(accepted), context))
      ),
      Effect.as(HttpServerResponse.empty({ status: 202 })),
      Effect.catch(answerRefused),
      Effect.withSpan("Webhook.handler")
    )
    const fetch = toFetch(respond)
    const refuseOther = toFetch(answerRefused(new WebhookError({ kind: "notRequest" })))
    return {
      respond,
      fetch: (request, platform = {}) =>
        isRequest(request)
          ? fetch(request, Context.make(WebhookPlatform, platform))
          : refuseOther(new Request("http://not.a.request"))
    }
  })

  const handlerWith: Service["handlerWith"] = (accept, options) => {
    // This function cannot fail, so anything but an object counts as no options.
    const { deduplicate = true } = Predicate.isObject(options) ? options : {}
    return receiverOf(
      // Where `accept` drops duplicates itself, it alone knows which events are new.
      deduplicate ? (accepted) => Effect.andThen(accept(accepted), publish(accepted.event)) : accept,
      deduplicate
    )
  }

  const handler: Service["handler"] = Effect.fnUntraced(function* <E, R>(
    f?: (event: WebhookEvent) => Effect.Effect<unknown, E, R>,
    options: WorkOptions = {}
  ) {
    if (f === undefined) return yield* receiverOf(({ event }) => offer(event), true)
    const work = yield* makeWorkers<R>(options)
    // Failed work gives its claim back, so that a redelivery by hand is not taken for a duplicate.
    return yield* handlerWith((accepted) =>
      work(
        accepted,
        Effect.onError(
          Effect.suspend(() => f(accepted.event)),
          () => Effect.ignore(store.release(keyOf(accepted.id)))
        )
      )
    )
  })

  const verify = Effect.fn("Webhook.verify")(
    verified,
    Effect.map(({ event }) => event)
  )

  return { verify, handler, handlerWith, events: Stream.fromPubSub(events), invalidateToken } satisfies Service
})
