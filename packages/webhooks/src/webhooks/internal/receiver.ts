/** The receiver behind `Webhook`: verify, accept, answer. */
import { makeMemory, withTimeout } from "@effect-icr/app/DeduplicationStore"
import { count as wholeNumber, millis, readUpTo } from "@effect-icr/app/extension"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import * as Exit from "effect/Exit"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import { WebhookDeduplication } from "../WebhookDeduplication.ts"
import { WebhookError } from "../WebhookError.ts"
import type { WebhookEvent } from "../WebhookEvent.ts"
import { count, countRefused } from "./metrics.ts"
import type { Accepted, Handler, Options, Service, WorkOptions } from "./service.ts"
import { readSecrets } from "./secrets.ts"
import { makeVerifier } from "./verify.ts"
import { makeWorkers } from "./workers.ts"

const refuse = (kind: WebhookError["kind"]) => Effect.fail(new WebhookError({ kind }))

/** Absent is fine, since no page names the header the registry sends; anything but JSON is not. */
const isJson = (contentType: string | undefined) =>
  contentType === undefined || /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(contentType.trim())

/** Nothing here or below unpacks a body, and what is signed is the plain one. */
const isPlain = (contentEncoding: string | undefined) =>
  contentEncoding === undefined || /^(identity)?$/i.test(contentEncoding.trim())

/**
 * The body of a request, refused as soon as it is known to be larger than `limit` bytes: by its promised length before a
 * byte is read, else while it is read, so that an endless one never fills the memory.
 */
const readBody = (request: HttpServerRequest.HttpServerRequest, limit: number) =>
  Number(request.headers["content-length"] ?? 0) > limit
    ? refuse("bodyTooLarge")
    : readUpTo(request.stream, limit).pipe(
        Effect.catch(() => refuse("bodyCut")),
        // The stream of a body that was read before throws.
        Effect.catchDefect(() => refuse("bodyCut")),
        Effect.flatMap(({ bytes, truncated }) => (truncated ? refuse("bodyTooLarge") : Effect.succeed(bytes)))
      )

const utf8 = new TextEncoder()

const sha256 = (text: string) =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", utf8.encode(text))),
    (digest) => Hex.encode(new Uint8Array(digest))
  )

/** After a body that was not read to its end, the connection cannot be used again. */
const headersOf = (status: number) =>
  status === 405 ? { allow: "POST" } : status === 408 || status === 413 ? { connection: "close" } : {}

const answerRefused = ({ kind, message, status }: WebhookError) =>
  countRefused(kind).pipe(
    // Anybody can send what is not even signed: counted, but the log is not to be filled with it.
    Effect.andThen((kind === "signatureMissing" ? Effect.logDebug : Effect.logWarning)(message)),
    Effect.annotateLogs({ kind }),
    Effect.as(HttpServerResponse.text(kind, { status, headers: headersOf(status) }))
  )

/** Whatever goes wrong while an event is accepted is this side's fault and not the sender's. */
const notAccepted = (cause: Cause.Cause<unknown>): Effect.Effect<never, WebhookError> => {
  const error = Cause.findErrorOption(cause)
  if (Option.isSome(error) && error.value instanceof WebhookError) return Effect.fail(error.value)
  if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
  return Effect.andThen(Effect.logError("A webhook event could not be accepted", cause), refuse("notAccepted"))
}

/** Builds the service. Fails with `Configuration` for an option out of range, or without a secret. */
export const makeReceiver = Effect.fnUntraced(function* (
  options: Options,
  invalidateToken: Service["invalidateToken"]
) {
  const maxBodyBytes = yield* wholeNumber("maxBodyBytes", options.maxBodyBytes, 1024 * 1024, 1)
  const responseTimeout = yield* millis("responseTimeout", options.responseTimeout, "4 seconds")
  const window = Duration.millis(yield* millis("deduplicationWindow", options.deduplicationWindow, "10 minutes"))
  const capacity = yield* wholeNumber("capacity", options.capacity, 1024, 1)
  const provided = Option.getOrUndefined(yield* Effect.serviceOption(WebhookDeduplication))
  const { claim, release } = withTimeout(provided ?? (yield* makeMemory()))
  const verified = yield* makeVerifier(yield* readSecrets(options.secret), maxBodyBytes)
  const events = yield* Effect.acquireRelease(PubSub.dropping<WebhookEvent>(capacity), PubSub.shutdown)
  const isBehind = yield* Ref.make(false)

  /** A store that fails costs the deduplication, not the delivery. */
  const isFirst = (id: string) =>
    Effect.catch(claim(`icr:webhook:${id}`, window), (error) =>
      Effect.as(Effect.logWarning("A webhook delivery could not be checked for duplicates", error), true)
    )
  const giveBack = (id: string) => Effect.ignore(release(`icr:webhook:${id}`))

  /** Without `f` the stream is where events go: what has no room there is refused. */
  const offer = (event: WebhookEvent) =>
    Effect.flatMap(PubSub.publish(events, event), (hasRoom) => (hasRoom ? Effect.void : refuse("overloaded")))

  /** Everywhere else the stream only observes: it misses what has no room there, and the event is accepted all the same. */
  const publish = Effect.fnUntraced(function* (event: WebhookEvent) {
    const hasRoom = yield* PubSub.publish(events, event)
    const wasBehind = yield* Ref.getAndSet(isBehind, !hasRoom)
    if (hasRoom) return
    yield* count("missed")
    if (!wasBehind) yield* Effect.logWarning("A consumer of Webhook.events is too slow: events are missed")
  })

  const acceptOnce = <E>(id: string, deduplicate: boolean, accept: Effect.Effect<unknown, E>) => {
    const counted = Effect.andThen(accept, count("accepted"))
    if (!deduplicate) return counted
    return Effect.acquireUseRelease(
      isFirst(id),
      (first) => (first ? counted : count("duplicate")),
      (first, exit) => (first && Exit.isFailure(exit) ? giveBack(id) : Effect.void)
    )
  }

  const receive = Effect.fnUntraced(function* <E>(
    request: HttpServerRequest.HttpServerRequest,
    deduplicate: boolean,
    accept: (accepted: Accepted) => Effect.Effect<unknown, E>
  ) {
    if (request.method !== "POST") return yield* refuse("method")
    if (!isJson(request.headers["content-type"])) return yield* refuse("contentType")
    if (!isPlain(request.headers["content-encoding"])) return yield* refuse("contentEncoding")
    // The signature is checked after the body is read: a well-formed one is easily made up, so that checking sooner keeps
    // nobody from sending a long body, and would cost honest senders the connection.
    const body = yield* readBody(request, maxBodyBytes).pipe(
      Effect.timeoutOrElse({ duration: responseTimeout, orElse: () => refuse("bodyTimeout") })
    )
    const { event, signedData } = yield* verified({ body, signature: request.headers["x-icr-signature-256"] })
    const accepted = { event, signedData, id: yield* sha256(signedData) }
    yield* Effect.andThen(invalidateToken(event), acceptOnce(accepted.id, deduplicate, accept(accepted))).pipe(
      Effect.timeoutOrElse({ duration: responseTimeout, orElse: () => refuse("notAccepted") }),
      Effect.catchCause(notAccepted)
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
    return { respond, fetch: toFetch(respond) }
  })

  const handlerWith: Service["handlerWith"] = (accept, { deduplicate = true } = {}) =>
    receiverOf(
      // Where `accept` drops duplicates itself, it alone knows which events are new.
      deduplicate ? (accepted) => Effect.andThen(accept(accepted), publish(accepted.event)) : accept,
      deduplicate
    )

  const handler: Service["handler"] = Effect.fnUntraced(function* <E, R>(
    f?: (event: WebhookEvent) => Effect.Effect<unknown, E, R>,
    options: WorkOptions = {}
  ) {
    if (f === undefined) return yield* receiverOf(({ event }) => offer(event), true)
    const work = yield* makeWorkers<R>(options)
    // Failed work gives its claim back, so that a redelivery by hand is not taken for a duplicate.
    return yield* handlerWith(({ event, id }) =>
      work(
        event,
        Effect.onError(
          Effect.suspend(() => f(event)),
          () => giveBack(id)
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
