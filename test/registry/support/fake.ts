/**
 * A registry of a few lines behind the real wire, in virtual time: reservations, finishes, releases and credit
 * requests, with faults before and after the work. For what the library does with lost answers; the simulator is for
 * what the registry does.
 */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { IcrHttp, type Options as HttpOptions } from "@effect-icr/app/IcrHttp"
import { InstallationId, OrganizationId } from "@effect-icr/app/domain/Ids"
import type { Permissions } from "@effect-icr/app/domain/Permissions"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { CreditId } from "@effect-icr/registry"
import { Registry, type Options } from "@effect-icr/registry/Registry"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { Clock, Effect, Layer } from "effect"
import { type HttpBody, HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { amountIn, type Asked, type Held, json, requestBody, reservationBody, tokenBody } from "./bodies.ts"

/** The seller. */
export const seller = InstallationId.make("seller")
/** The buyer. */
export const buyer = OrganizationId.make("buyer-organization")
/** What the seller has in its warehouse. */
export const creditId = CreditId.make("exPost-2-0x51298f2f1142ecb129a2db5e6afd24f34f2e53f1")
/** What a certificate is to say. */
export const retirementData = { reason: "Voluntary purposes", beneficiaryName: "Jane Doe", comment: "Order 1" }

/** A request as the registry sees it. */
export interface Seen {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly body: string
  readonly accept: string
}

/** An answer. A text is sent as it is. */
export interface Answer {
  readonly status?: number
  readonly headers?: { readonly [name: string]: string }
  readonly body?: unknown
}

/**
 * What goes wrong with a request: a 503 or a reset before or after the work, work that comes later, an answer that
 * does, one with a strange body, no answer, or an answer of one's own, with the work (`done`) or without.
 */
export type Fault =
  | "before"
  | "after"
  | "resetBefore"
  | "resetAfter"
  | "emptyBody"
  | "strangeBody"
  | "never"
  | { readonly later: number }
  | { readonly slow: number }
  | { readonly done: Answer }
  | Answer

/** What the registry has, and has seen; tests read and change it. */
export interface Fake {
  permissions: Permissions
  /** What is to go wrong with a request. */
  fault: (request: Seen) => Fault | undefined
  /** Answers of requests that it knows nothing of. */
  answer: (request: Seen) => Answer | undefined
  /** Whether a reservation can be read by its id. */
  readsOne: boolean
  readonly seen: Array<Seen>
  exchanges: number
  readonly reservations: Map<string, Held>
  readonly requests: Map<string, Asked>
  /** Finishes that were done, in order: reservation and action. */
  readonly finished: Array<string>
  readonly pending: Array<{ readonly at: number; readonly run: () => void }>
  numbers: number
}

/** A registry that works. */
export const makeFake = (): Fake => ({
  permissions: { organization_info: "VIEW", organization_inventory: "REQUEST", organization_warehouse: "WRITE" },
  fault: () => undefined,
  answer: () => undefined,
  readsOne: true,
  seen: [],
  exchanges: 0,
  reservations: new Map(),
  requests: new Map(),
  finished: [],
  pending: [],
  numbers: 0
})

/** A registry in which this fault meets some requests, and no other. */
export const makeFaulty = (meets: (request: Seen) => boolean, fault: Fault): Fake => ({
  ...makeFake(),
  fault: (request) => (meets(request) ? fault : undefined)
})

/** Requests other than token exchanges, such as `POST /organizations/…`, with their bodies. */
export const sent = (fake: Fake) => fake.seen.map(({ body, method, path }) => `${method} ${path} ${body}`.trim())
/** Only those of a method. */
export const sentBy = (fake: Fake, method: string) => fake.seen.filter((request) => request.method === method)

const refused = (status: number, message: string): Answer => ({
  status,
  body: { statusCode: status, message, error: "" }
})

const nextId = (fake: Fake, kind: string) => `${kind}-${++fake.numbers}`

/** Puts a reservation there. */
export const addReservation = (fake: Fake, given: Partial<Held> & { readonly createdAt: number }): Held => {
  const held: Held = {
    id: nextId(fake, "r"),
    reservedTo: given.createdAt + 600_000,
    creditId,
    amount: Tonnes.make("0.5"),
    reserver: "app-1",
    complete: false,
    ...given
  }
  fake.reservations.set(held.id, held)
  return held
}

/** Puts a request there. */
export const addRequest = (fake: Fake, given: Partial<Asked> & { readonly createdAt: number }): Asked => {
  const asked: Asked = {
    id: nextId(fake, "q"),
    state: "Pending",
    amount: Tonnes.make("0.5"),
    fields: { action: "transfer", creditId, toOrganizationId: buyer },
    ...given
  }
  fake.requests.set(asked.id, asked)
  return asked
}

const finish = (fake: Fake, id: string, action: string, now: number): Answer => {
  const held = fake.reservations.get(id)
  if (held === undefined) return refused(404, "no such reservation")
  if (held.complete) return refused(409, "the reservation is complete")
  if (held.reservedTo <= now) return refused(400, "the reservation is over")
  held.complete = true
  fake.finished.push(`${id} ${action}`)
  return { status: 201, body: reservationBody(held) }
}

const work = (fake: Fake, { body, method, path }: Seen, now: number): Answer => {
  const [pathname = ""] = path.split("?", 1)
  const below = /^\/organizations\/seller-organization(\/.*)?$/.exec(pathname)?.[1]
  const one = /^\/warehouse\/inventory\/reservations\/([^/]+)(?:\/([^/]+))?$/.exec(below ?? "")
  const asked = /^\/inventory\/requests\/([^/]+)$/.exec(below ?? "")
  if (below === "/warehouse/inventory/reservations") {
    if (method === "GET") return { body: { reservations: [...fake.reservations.values()].map(reservationBody) } }
    const wanted = JSON.parse(body)
    const held = addReservation(fake, { createdAt: now, creditId: wanted.creditId, amount: amountIn(body) })
    return { status: 201, body: reservationBody(held) }
  }
  if (one !== null) {
    const [, id = "", action = ""] = one
    if (method === "POST") return finish(fake, id, action, now)
    const held = fake.reservations.get(id)
    if (held === undefined) return refused(404, "no such reservation")
    if (method === "GET") return fake.readsOne ? { body: reservationBody(held) } : refused(404, "Cannot GET")
    if (held.complete) return refused(409, "the reservation is complete")
    fake.reservations.delete(id)
    return { body: reservationBody(held) }
  }
  if (below === "/inventory/requests") {
    const query = new URLSearchParams(path.split("?")[1])
    const limit = Number(query.get("limit"))
    const all = [...fake.requests.values()].toReversed()
    const creditRequests = all.slice(Number(query.get("page")) * limit).slice(0, limit)
    return { body: { pagination: { total: all.length }, creditRequests: creditRequests.map(requestBody) } }
  }
  if (asked !== null && method === "POST") {
    const { amount: _, ...fields } = JSON.parse(body)
    const { retirementData, ...others } = fields
    const comment = retirementData === undefined ? {} : { retirementComment: retirementData.comment }
    const made = addRequest(fake, {
      createdAt: now,
      amount: amountIn(body),
      fields: { action: asked[1], ...others, ...comment }
    })
    return { status: 201, body: requestBody(made) }
  }
  const request = fake.requests.get(asked?.[1] ?? "")
  return request === undefined ? refused(404, "Cannot find it") : { body: requestBody(request) }
}

const textOf = (body: HttpBody.HttpBody) => {
  if (body._tag === "Uint8Array") return new TextDecoder().decode(body.body)
  return body._tag === "Raw" ? String(body.body) : ""
}

const isAnswer = (fault: Fault): fault is Answer =>
  typeof fault === "object" && !("later" in fault || "slow" in fault || "done" in fault)

const transport = (fake: Fake) =>
  HttpClient.make((request, url) => {
    const respond = ({ body, headers = {}, status = 200 }: Answer) =>
      HttpClientResponse.fromWeb(
        request,
        new Response(
          body === undefined
            ? null
            : body instanceof Uint8Array
              ? body.slice()
              : typeof body === "string"
                ? body
                : json(body),
          {
            status,
            headers
          }
        )
      )
    const reset = new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({
        request,
        cause: Object.assign(new Error("reset"), { code: "ECONNRESET" })
      })
    })
    return Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      for (const job of fake.pending.filter(({ at }) => at <= now)) {
        fake.pending.splice(fake.pending.indexOf(job), 1)
        job.run()
      }
      const exchange = /^\/app(?:\/installations\/([^/]+))?\/accessTokens$/.exec(url.pathname)
      if (exchange !== null) {
        fake.exchanges++
        return respond({ body: tokenBody(fake, exchange[1], now) })
      }
      const seen: Seen = {
        method: request.method,
        path: url.pathname + url.search,
        body: textOf(request.body),
        accept: request.headers["accept"] ?? ""
      }
      fake.seen.push(seen)
      const own = fake.answer(seen)
      if (own !== undefined) return respond(own)
      const fault = fake.fault(seen)
      if (fault === "before") return respond(refused(503, "come back later"))
      if (fault === "resetBefore") return yield* reset
      if (fault !== undefined && isAnswer(fault)) return respond(fault)
      if (typeof fault === "object" && "later" in fault) {
        fake.pending.push({ at: now + fault.later, run: () => void work(fake, seen, now + fault.later) })
        return respond(refused(503, "come back later"))
      }
      const answer = work(fake, seen, now)
      if (typeof fault === "object" && "done" in fault) return respond(fault.done)
      if (typeof fault === "object") yield* Effect.sleep(fault.slow)
      if (fault === "never") return yield* Effect.never
      if (fault === "after") return respond(refused(503, "come back later"))
      if (fault === "resetAfter") return yield* reset
      if (fault === "emptyBody") return respond({ status: 201 })
      return respond(fault === "strangeBody" ? { status: 201, body: { ok: true } } : answer)
    })
  })

/**
 * An app whose registry it is. Nothing is repeated unless a test asks for it, so that each request is one that a test
 * counts.
 */
export const appLayer = (fake: Fake, http: HttpOptions = { retry: false }) =>
  IcrApp.layerNoDeps.pipe(
    Layer.provide(TokenCache.layer),
    Layer.provide([Signer.layerTest(), IcrHttp.layerWith(http)]),
    Layer.provide(ServerClock.layer),
    Layer.provide(IcrConfig.layerWith({ appId: "app-1", baseUrl: "http://localhost" })),
    Layer.provide(Layer.succeed(HttpClient.HttpClient, transport(fake)))
  )

/** The registry's resources over it. */
export const registryLayer = (fake: Fake, options: Options = {}, http?: HttpOptions) =>
  Registry.layerWith(options).pipe(Layer.provide(appLayer(fake, http)))

/** Runs a test over it. */
export const provide = (fake: Fake, options?: Options) => Effect.provide(registryLayer(fake, options))
