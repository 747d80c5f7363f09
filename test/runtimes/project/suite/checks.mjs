/** What an app does, as checks with names: the same on each runtime, over public names of the packed packages. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { Registry } from "@effect-icr/registry/Registry"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { appLayer, control, requestsFor, same } from "./context.mjs"
import { failures } from "./failures.mjs"

const loads = ({ require }) => {
  if (require === undefined) return Effect.succeed({ cell: "–", note: "a Worker is one bundle of ES modules" })
  return Effect.gen(function* () {
    yield* same(require("@effect-icr/app/IcrApp").IcrApp === IcrApp, true, "the same IcrApp")
    yield* same(require("@effect-icr/app").IcrApp === IcrApp, true, "the same IcrApp by the root")
    yield* same(require("@effect-icr/registry").Registry === Registry, true, "the same Registry")
    yield* same(require("@effect-icr/webhooks").Webhook === Webhook, true, "the same Webhook")
  })
}

const readsKeys = (context) =>
  Effect.forEach(
    Object.entries(context.world.keys),
    ([dialect, privateKey]) =>
      Effect.flatMap(IcrApp, ({ appToken }) => appToken).pipe(
        Effect.provide(appLayer(context, { privateKey })),
        Effect.mapError(({ message }) => `${dialect}: ${message}`)
      ),
    { discard: true }
  )

const signsIn = (context) =>
  Effect.gen(function* () {
    const { appToken, registryTime } = yield* IcrApp
    const token = yield* appToken
    yield* same(DateTime.isGreaterThan(token.expiresAt, yield* registryTime), true, "lives")
    const texts = [JSON.stringify(token), String(token)]
    yield* same(
      texts.some((text) => text.includes(Redacted.value(token.token))),
      false,
      "is printed"
    )
  }).pipe(Effect.provide(appLayer(context)))

const lists = (context) =>
  Effect.gen(function* () {
    const { installations } = yield* IcrApp
    const all = yield* Stream.runCollect(installations)
    yield* same(new Set(all.map(({ id }) => id)).size, context.world.installations, "installations")
  }).pipe(Effect.provide(appLayer(context)))

const exchanges = (context) =>
  Effect.gen(function* () {
    const { installationId } = context.world
    const { installationToken } = yield* IcrApp
    const exchanged = requestsFor(context, "POST", `/app/installations/${installationId}/accessTokens`)
    const before = yield* exchanged
    const tokens = yield* Effect.replicateEffect(installationToken(installationId), 50, { concurrency: "unbounded" })
    yield* same(new Set(tokens.map(({ token }) => Redacted.value(token))).size, 1, "tokens")
    yield* same((yield* exchanged) - before, 1, "exchanges")
  }).pipe(Effect.provide(appLayer(context)))

const calls = (context) =>
  Effect.gen(function* () {
    const { installationId, organizationId } = context.world
    const { installationClient } = yield* IcrApp
    const response = yield* installationClient(installationId).get(`/organizations/${organizationId}`)
    yield* same((yield* response.json).id, organizationId, "organization")
    const credits = yield* (yield* Registry).organization(installationId).inventory.credits
    yield* same(credits.length > 0, true, "has credits")
  }).pipe(Effect.provide(Layer.provideMerge(Registry.layer, appLayer(context))))

const replaces = (context) =>
  Effect.gen(function* () {
    const { installationId, organizationId } = context.world
    const { installationClient } = yield* IcrApp
    const get = installationClient(installationId).get(`/organizations/${organizationId}`)
    yield* get
    yield* control(context, "POST", "/tokens/expire")
    yield* get
  }).pipe(Effect.provide(appLayer(context)))

const get = (context, path) =>
  Effect.promise(async () => {
    const response = await fetch(`${context.url}${path}`)
    return { status: response.status, text: await response.text() }
  })

/** Exchanges take longer than other requests: the one that began a refresh is answered before that has ended. */
const shares = (context) =>
  Effect.gen(function* () {
    yield* control(context, "POST", "/faults/probability", {
      route: "POST /app/installations/{installationId}/accessTokens",
      probability: 1,
      fault: { _tag: "Latency", millis: 300 }
    })
    const ends = new Set()
    while (ends.size < 3) {
      const answers = yield* Effect.replicateEffect(get(context, "/call"), 10, { concurrency: "unbounded" })
      for (const { status, text } of answers) {
        yield* same({ status, text }, { status: 200, text }, "a call")
        ends.add(text)
      }
      yield* Effect.sleep("50 millis")
    }
    return { note: context.notes?.shares }
  }).pipe(Effect.ensuring(control(context, "DELETE", "/faults")))

/** Sends an event from the simulator to the server of this runtime, and says what became of it. */
const deliver = (context, event, tampering) =>
  Effect.gen(function* () {
    yield* control(context, "PUT", "/webhook", { url: `${context.url}/webhook` })
    const path = `/installations/${context.world.installationId}/events`
    const { failure, status } = yield* control(context, "POST", path, { event, ...tampering })
    return failure ?? status
  })

const handled = (context) => Effect.map(get(context, "/handled"), ({ text }) => JSON.parse(text).sort())

/** More deliveries than a receiver works on at a time. */
const accepts = (context) =>
  Effect.gen(function* () {
    const events = Array.from({ length: 40 }, (_, index) => `event${index}`).sort()
    const statuses = yield* Effect.forEach(events, (event) => deliver(context, event), { concurrency: 8 })
    yield* same([...new Set(statuses)], [202], "statuses")
    while ((yield* handled(context)).length < events.length) yield* Effect.sleep("10 millis")
    yield* same(yield* handled(context), events, "handled")
    return { note: context.notes?.shares }
  })

const refuses = (context) =>
  Effect.gen(function* () {
    const before = yield* handled(context)
    for (const tampering of [{ tamper: "signature" }, { tamper: "signedData" }, { secret: "none" }]) {
      yield* same(yield* deliver(context, "uninstalled", tampering), 403, JSON.stringify(tampering))
    }
    yield* same(yield* handled(context), before, "handled")
  })

/** In the order of the table. */
export const checks = [
  ["is loaded by `import` and by `require`", loads],
  ["reads keys: PKCS#1, PKCS#8, escaped once or twice, base64, quoted", readsKeys],
  ["signs in, and prints no token", signsIn],
  ["lists installations over several pages", lists],
  ["makes one exchange for 50 callers", exchanges],
  ["calls as an installation, and reads an inventory", calls],
  ["replaces a token that ended elsewhere", replaces],
  ["shares one app between many requests, with tokens of 2 s", shares],
  ["accepts 40 webhook deliveries and works on each", accepts],
  ["refuses forged deliveries", refuses],
  ...failures
]
