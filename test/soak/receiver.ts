/** A receiver over a durable queue, made to be killed: counts in Redis how often work on each transaction began and ended. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import * as WebhookQueue from "@effect-icr/webhooks/WebhookQueue"
import { Config, Effect, Layer } from "effect"
import { HttpRouter } from "effect/http"
import { PersistedQueue, Redis } from "effect/persistence"
import { createServer } from "node:http"

const environment = Config.all({
  port: Config.Int("PORT"),
  redis: Config.NonEmptyString("REDIS_SOCKET"),
  secret: Config.Redacted("ICR_WEBHOOK_SECRET")
})

Layer.unwrap(
  Effect.gen(function* () {
    const { port, redis, secret } = yield* environment
    const route = WebhookQueue.route(
      "/webhook",
      Effect.fnUntraced(function* (event) {
        if (event._tag !== "WarehouseTransaction") return
        const { id } = yield* Effect.fromOption(event.transaction)
        const redis = yield* Redis.Redis
        yield* redis.send("HINCRBY", "begun", id, "1")
        // Long enough for kills to hit work under way.
        yield* Effect.sleep("20 millis")
        yield* redis.send("HINCRBY", "handled", id, "1")
      }),
      { concurrency: 32 }
    )
    return HttpRouter.serve(route, { disableLogger: true }).pipe(
      Layer.provide(Webhook.layerVerifyOnly({ secret })),
      Layer.provide(PersistedQueue.layer),
      // Short locks: what a killed process held is taken again after a second.
      Layer.provide(
        PersistedQueue.layerStoreRedis({
          pollInterval: "50 millis",
          lockRefreshInterval: "300 millis",
          lockExpiration: "1 second"
        })
      ),
      Layer.provide(NodeRedis.layer({ socket: { path: redis, tls: false } })),
      Layer.provide(NodeHttpServer.layer(createServer, { port, host: "127.0.0.1" }))
    )
  })
).pipe(Layer.launch, NodeRuntime.runMain)
