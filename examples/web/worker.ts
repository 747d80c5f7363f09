/**
 * A Cloudflare Worker: /webhook takes the registry's deliveries, and a route reads the credits in an organization's
 * warehouse.
 *
 * An isolate serves several requests at once, and none of them may wait for what another one has begun. So each request
 * builds its services, and they share what is finished: tokens in Workers KV, sealed, and the deliveries that came before.
 * ICR_APP_ID, ICR_PRIVATE_KEY, ICR_WEBHOOK_SECRET, ICR_TOKEN_STORE_KEY and ICR_ENVIRONMENT or ICR_BASE_URL are variables and
 * secrets of the Worker, and TOKENS is the KV namespace.
 */
import { makeMemory } from "@effect-icr/app/DeduplicationStore"
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrError } from "@effect-icr/app/IcrError"
import * as KeyValueTokenStore from "@effect-icr/app/KeyValueTokenStore"
import { Registry } from "@effect-icr/registry/Registry"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import { WebhookDeduplication } from "@effect-icr/webhooks/WebhookDeduplication"
import * as WebhookWeb from "@effect-icr/webhooks/WebhookWeb"
import { ConfigProvider, Console, Effect, Layer, ManagedRuntime, Option, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { KeyValueStore } from "effect/persistence"

/** What is used of Workers KV. */
interface Namespace {
  get(key: string): Promise<string | null>
  put(key: string, value: string, options: { readonly expirationTtl: number }): Promise<void>
  delete(key: string): Promise<void>
}

interface Env extends Readonly<Record<`ICR_${string}`, string>> {
  readonly TOKENS: Namespace
}

interface Platform {
  waitUntil(work: Promise<unknown>): void
}

/** A removal takes up to a minute to reach other places; a token that was refused is replaced all the same. */
const storeOver = (kv: Namespace) => {
  const call = <A>(method: string, f: () => Promise<A>) =>
    Effect.tryPromise({
      try: f,
      catch: () => new KeyValueStore.KeyValueStoreError({ method, message: "Workers KV failed" })
    })
  return KeyValueStore.makeStringOnly({
    get: (key) =>
      Effect.map(
        call("get", () => kv.get(key)),
        (value) => value ?? undefined
      ),
    // The life of an installation's token, in seconds.
    set: (key, value) => call("set", () => kv.put(key, value, { expirationTtl: 7200 })),
    remove: (key) => call("remove", () => kv.delete(key)),
    clear: Effect.die("not used"),
    keys: Effect.die("not used"),
    size: Effect.die("not used")
  })
}

// Memory of the isolate: nobody waits for it.
const deliveries = Layer.succeed(WebhookDeduplication, Effect.runSync(makeMemory()))

const servicesOf = (env: Env) =>
  Layer.merge(Registry.layer, Webhook.layer).pipe(
    Layer.provideMerge(IcrApp.layer),
    Layer.provide([KeyValueTokenStore.layer, deliveries, FetchHttpClient.layer]),
    Layer.provide(Layer.succeed(KeyValueStore.KeyValueStore, storeOver(env.TOKENS))),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { ...env, TOKENS: "" } })))
  )

const creditsOf = Effect.fn("creditsOf")(function* (id: InstallationId) {
  const { warehouse } = (yield* Registry).organization(id)
  const credits = yield* warehouse.credits
  return credits.map(({ amount, id }) => ({ id, amount }))
})

const credits = async (env: Env, text: string, ctx: Platform) => {
  const id = Schema.decodeUnknownOption(InstallationId)(text)
  if (Option.isNone(id)) return Response.json({ error: "no such installation" }, { status: 404 })
  const icr = ManagedRuntime.make(servicesOf(env))
  try {
    return Response.json(await icr.runPromise(creditsOf(id.value)))
  } catch (error) {
    if (!(error instanceof IcrError)) throw error
    const status = error.reason._tag === "InstallationNotFound" ? 404 : error.isRetryable ? 503 : 502
    return Response.json({ error: error.message }, { status })
  } finally {
    ctx.waitUntil(icr.dispose())
  }
}

const webhook = async (env: Env, request: Request, ctx: Platform) => {
  const receiver = WebhookWeb.receiver(servicesOf(env), (event) => Console.log(`worked on ${event.event}`))
  // The answer comes first; `ctx` keeps the isolate until the work is done.
  const answer = await receiver.fetch(request, ctx)
  ctx.waitUntil(receiver.dispose())
  return answer
}

export default {
  async fetch(request: Request, env: Env, ctx: Platform): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === "/webhook") return webhook(env, request, ctx)
    const [, id] = /^\/installations\/([^/]+)\/credits$/.exec(pathname) ?? []
    return id === undefined ? new Response("Not Found", { status: 404 }) : credits(env, decodeURIComponent(id), ctx)
  }
}
