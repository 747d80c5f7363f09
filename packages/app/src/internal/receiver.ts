/** The receiver behind `Webhook`: check, then take in, then answer. */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { makeMemory } from "../Claims.ts"
import type { WebhookEvent } from "../domain/WebhookEvent.ts"
import { Configuration, IcrError, fail } from "../IcrError.ts"
import type { Accepted, Delivery, Handler, Options, Service, WorkOptions } from "../Webhook.ts"
import { WebhookDeduplication } from "../WebhookDeduplication.ts"
import { CurrentMac } from "../WebhookMac.ts"
import { boundedClaims } from "./boundedClaims.ts"
import { digestOf, eventOf, refusal, signedDataOf } from "./delivery.ts"
import { count as wholeNumber, millis } from "./options.ts"
import { readRequestBody } from "./requestBody.ts"
import { count, countRefused } from "./webhookMetrics.ts"
import { makeWorkers } from "./work.ts"

const defaultMaxBodyBytes = 1024 * 1024

/** Absent is fine, since no page names the header the registry sends; anything but JSON is not. */
const isJson = (contentType: string | undefined) =>
  contentType === undefined || /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(contentType.trim())

/** Nothing here or below unpacks a body, and what is signed is the plain one. */
const isPlain = (contentEncoding: string | undefined) =>
  contentEncoding === undefined || /^(identity)?$/i.test(contentEncoding.trim())

const sha256 = (text: string) =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    (digest) => Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")
  )

/** After a body that was not read to its end, the connection is good for nothing. */
const headersOf = (status: number) =>
  status === 405 ? { allow: "POST" } : status === 408 || status === 413 ? { connection: "close" } : {}

/** The service, over secrets that are checked here. */
export const makeReceiver = Effect.fnUntraced(function* (
  secrets: ReadonlyArray<Redacted.Redacted>,
  forgetToken: Service["forgetToken"],
  options: Options
) {
  if (secrets.length === 0) {
    return yield* fail(
      new Configuration({
        variable: "webhookSecret",
        detail: "is missing (in the environment: ICR_WEBHOOK_SECRET); deliveries cannot be told from forgeries"
      })
    )
  }
  if (secrets.some((secret) => Redacted.value(secret).trim() === "")) {
    return yield* fail(
      new Configuration({
        variable: "webhookSecret",
        detail: "is empty, which would accept a signature anybody can compute"
      })
    )
  }
  const limit = yield* wholeNumber("maxBodyBytes", options.maxBodyBytes, defaultMaxBodyBytes, 1)
  const answerWithin = yield* millis("answerWithin", options.answerWithin, "4 seconds")
  const window = Duration.millis(yield* millis("deduplicationWindow", options.deduplicationWindow, "10 minutes"))
  const capacity = yield* wholeNumber("capacity", options.capacity, 1024, 1)
  const claims = Option.getOrUndefined(yield* Effect.serviceOption(WebhookDeduplication))
  const { claim, release } = boundedClaims(claims ?? (yield* makeMemory()))
  const mac = yield* CurrentMac
  const keys = yield* Effect.forEach(secrets, mac.key)
  const events = yield* Effect.acquireRelease(PubSub.dropping<WebhookEvent>(capacity), PubSub.shutdown)

  const isSigned = Effect.fnUntraced(function* (text: string, digest: Uint8Array<ArrayBuffer>) {
    for (const key of keys) if (yield* key.verify(text, digest)) return true
    return false
  })

  const verified = Effect.fnUntraced(function* ({ body, signature }: Delivery) {
    const digest = yield* Effect.fromResult(digestOf(signature ?? undefined))
    const signedData = yield* Effect.fromResult(signedDataOf(body, limit))
    if (!(yield* isSigned(signedData, digest))) return yield* refusal("signatureMismatch")
    return { event: yield* Effect.fromResult(eventOf(signedData)), signedData }
  })

  /** A store that fails costs the de-duplication, not the delivery. */
  const isFirst = (id: string) =>
    Effect.catch(claim(`icr:webhook:${id}`, window), (error) =>
      Effect.as(Effect.logWarning("A webhook delivery could not be checked for duplicates", error), true)
    )
  const giveBack = (id: string) => Effect.ignore(release(`icr:webhook:${id}`))

  /** Without `f` the stream is where events go: what has no room there is refused. */
  const offer = (event: WebhookEvent) =>
    Effect.filterOrFail(
      PubSub.publish(events, event),
      (hasRoom) => hasRoom,
      () => refusal("overloaded")
    )

  let isBehind = false
  /** Everywhere else the stream only looks on: what has no room there is missed by it, and taken in all the same. */
  const publish = (event: WebhookEvent) =>
    Effect.flatMap(PubSub.publish(events, event), (hasRoom) => {
      const wasBehind = isBehind
      isBehind = !hasRoom
      if (hasRoom) return Effect.void
      return Effect.andThen(
        count("missed"),
        wasBehind ? Effect.void : Effect.logWarning("A consumer of Webhook.events is too slow: events are missed")
      )
    })

  const takeIn = <E>(id: string, deduplicate: boolean, accept: Effect.Effect<unknown, E>) => {
    const place = Effect.andThen(accept, count("accepted"))
    if (!deduplicate) return place
    return Effect.acquireUseRelease(
      isFirst(id),
      (first) => (first ? place : count("duplicate")),
      (first, exit) => (first && Exit.isFailure(exit) ? giveBack(id) : Effect.void)
    )
  }

  /** Whatever goes wrong while an event is taken in is ours, not the sender's. */
  const ours = (cause: Cause.Cause<unknown>): Effect.Effect<never, IcrError> => {
    const error = Cause.findErrorOption(cause)
    if (Option.isSome(error) && error.value instanceof IcrError && error.value.reason._tag === "WebhookRefused") {
      return Effect.fail(error.value)
    }
    if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
    return Effect.andThen(
      Effect.logError("A webhook event could not be taken in", cause),
      Effect.fail(refusal("notAccepted"))
    )
  }

  const receive = Effect.fnUntraced(function* <E>(
    request: HttpServerRequest.HttpServerRequest,
    deduplicate: boolean,
    accept: (accepted: Accepted) => Effect.Effect<unknown, E>
  ) {
    if (request.method !== "POST") return yield* refusal("method")
    if (!isJson(request.headers["content-type"])) return yield* refusal("contentType")
    if (!isPlain(request.headers["content-encoding"])) return yield* refusal("contentEncoding")
    // The signature is looked at with the body: a well-formed one is easily made up, so that looking sooner keeps nobody
    // from sending a long body, and would cost honest senders the connection.
    const body = yield* readRequestBody(request, limit).pipe(
      Effect.timeoutOrElse({ duration: answerWithin, orElse: () => Effect.fail(refusal("bodyTimeout")) })
    )
    const { event, signedData } = yield* verified({ body, signature: request.headers["x-icr-signature-256"] })
    const accepted = { event, signedData, id: yield* sha256(signedData) }
    yield* Effect.andThen(forgetToken(event), takeIn(accepted.id, deduplicate, accept(accepted))).pipe(
      Effect.timeoutOrElse({ duration: answerWithin, orElse: () => Effect.fail(refusal("notAccepted")) }),
      Effect.catchCause(ours)
    )
  })

  const refused = ({ reason }: IcrError) =>
    reason._tag === "WebhookRefused"
      ? Effect.as(
          Effect.andThen(
            countRefused(reason.kind),
            // Anybody can send what is not even signed: counted, but not for the log to be filled with.
            (reason.kind === "signatureMissing" ? Effect.logDebug : Effect.logWarning)(reason.message).pipe(
              Effect.annotateLogs({ kind: reason.kind })
            )
          ),
          HttpServerResponse.text(reason.kind, { status: reason.status, headers: headersOf(reason.status) })
        )
      : Effect.succeed(HttpServerResponse.empty({ status: 500 }))

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
      Effect.catch(refused),
      Effect.withSpan("Webhook.handler")
    )
    return { respond, fetch: toFetch(respond) }
  })

  const handlerWith: Service["handlerWith"] = (accept, { deduplicate = true } = {}) =>
    receiverOf(
      // Where `accept` drops duplicates itself, nobody here knows which events are new.
      deduplicate ? (accepted) => Effect.andThen(accept(accepted), publish(accepted.event)) : accept,
      deduplicate
    )

  const handler: Service["handler"] = Effect.fnUntraced(function* <E, R>(
    f?: (event: WebhookEvent) => Effect.Effect<unknown, E, R>,
    options: WorkOptions = {}
  ) {
    if (f === undefined) return yield* receiverOf(({ event }) => offer(event), true)
    const work = yield* makeWorkers<R>({
      concurrency: yield* wholeNumber("concurrency", options.concurrency, 16, 1),
      capacity: yield* wholeNumber("capacity", options.capacity, 10_000, 1),
      drain: yield* millis("drain", options.drain, "30 seconds")
    })
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

  const service: Service = {
    verify: (delivery) => Effect.map(verified(delivery), ({ event }) => event),
    handler,
    handlerWith,
    events: Stream.fromPubSub(events),
    forgetToken
  }
  return service
})
