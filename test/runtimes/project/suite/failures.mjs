/** What an app does when things fail, which depends most on the runtime: its errors, its sockets, its console. */
import { fixed } from "@effect-icr/app/Credential"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { IcrHttp } from "@effect-icr/app/IcrHttp"
import { ServerClock } from "@effect-icr/app/ServerClock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { appLayer, requestsFor, same, script } from "./context.mjs"

const repeats = (context) =>
  Effect.gen(function* () {
    const { installationId, organizationId } = context.world
    const { installationClient, installationToken } = yield* IcrApp
    yield* installationToken(installationId)
    yield* script(context, { _tag: "Reset" }, { _tag: "Status", status: 503 })
    yield* installationClient(installationId).get(`/organizations/${organizationId}`)
  }).pipe(Effect.provide(appLayer(context)))

const stopsWaiting = (context) =>
  Effect.gen(function* () {
    const { appClient, appToken } = yield* IcrApp
    yield* appToken
    yield* script(context, { _tag: "StallInBody" })
    const { reason } = yield* Effect.flip(appClient.get("/projects"))
    yield* same(reason._tag, "Timeout", "reason")
  }).pipe(Effect.provide(appLayer(context, { http: { attemptTimeout: "300 millis", retry: false } })))

/** A client with a credential that is at hand, so that nothing is sent but what is asked for. */
const wire = (context, baseUrl) =>
  IcrHttp.layer.pipe(
    Layer.provide(ServerClock.layer),
    Layer.provide(IcrConfig.layerWith({ appId: context.world.appId, baseUrl })),
    Layer.provide(context.client)
  )

const post = Effect.flatMap(IcrHttp, ({ client }) =>
  Effect.flip(client({ operation: "write", credential: fixed(Redacted.make("crs_none")) }).post("/things"))
)

/** A write that fails: how, and whether it may have been done. */
const failedWrite = (context, baseUrl) =>
  post.pipe(
    Effect.map(({ mayHaveHappened, reason: { _tag, kind } }) => ({ _tag, kind, mayHaveHappened })),
    Effect.provide(wire(context, baseUrl))
  )

const addresses = { refused: ({ closedUrl }) => closedUrl, dns: () => "https://nowhere.invalid" }

const knowsNotSent = (context) =>
  Effect.gen(function* () {
    const isTold = context.tellsWhyNotConnected
    for (const [kind, address] of Object.entries(addresses)) {
      const expected = { _tag: "Transport", kind: isTold ? kind : "unknown", mayHaveHappened: !isTold }
      yield* same(yield* failedWrite(context, address(context.world)), expected, kind)
    }
    const note = "does not tell whether a connection was made, so such a write counts as one that may have been done"
    return isTold ? undefined : { cell: "not told", note }
  })

/** Over a connection that is kept from the read before: runtimes that repeat requests by themselves do so there. */
const sendsOnce = (context) =>
  Effect.gen(function* () {
    const sent = requestsFor(context, "POST", "/things")
    const before = yield* sent
    const credential = fixed(Redacted.make("crs_none"))
    const { client } = yield* IcrHttp
    yield* Effect.exit(client({ operation: "read", credential }).get("/things"))
    yield* script(context, { _tag: "Reset", at: "answer" })
    const { mayHaveHappened, reason } = yield* post
    yield* same((yield* sent) - before, 1, "times sent")
    yield* same({ _tag: reason._tag, mayHaveHappened }, { _tag: "Transport", mayHaveHappened: true }, "failure")
    return { note: context.notes?.sendsOnce }
  }).pipe(Effect.provide(wire(context, context.world.baseUrl)))

/** The text between the marks is judged by the process that reads it. */
const prints = (context) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(Effect.provide(IcrApp, appLayer(context, { appId: " " })))
    yield* same(Object.keys(JSON.parse(JSON.stringify(error)))[0], "message", "first field of its JSON")
    console.error("<printed>")
    console.error(error)
    console.error("</printed>")
    return { printed: error.message }
  })

/** In the order of the table. */
export const failures = [
  ["repeats a read after a lost connection and a 503", repeats],
  ["stops waiting for a body that never ends", stopsWaiting],
  ["knows that a write was never sent: nothing listens, no such host", knowsNotSent],
  ["sends a write once though its answer is lost, and says that it may have been done", sendsOnce],
  ["prints an error with its message first", prints]
]
