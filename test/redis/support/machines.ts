/** Machines of a fleet inside the test process, each with its own cache, connection and log. */
import { IcrApp, InstallationId } from "@effect-icr/app"
import { ReconnectingRedis, RedisTokenStore } from "@effect-icr/redis"
import { Simulator } from "@effect-icr/simulator"
import { NodeRedis } from "@effect/platform-node"
import { Clock, Context, Effect, Layer, Logger, Redacted } from "effect"

/** One machine, with its log and the duration of its slowest call. */
export const makeMachine = Effect.fnUntraced(function* (
  options: RedisTokenStore.Options & { readonly url: string; readonly password?: string }
) {
  const { app, baseUrl } = yield* Simulator
  const log: Array<{ readonly level: string; readonly text: string }> = []
  const logger = Logger.make(({ logLevel, message }) => {
    log.push({ level: logLevel, text: Array.isArray(message) ? message.map(String).join(" ") : String(message) })
  })
  const connection = NodeRedis.layer({
    url: options.url,
    ...(options.password === undefined ? {} : { password: options.password })
  })
  const layer = Layer.fresh(
    IcrApp.layerWith({ appId: app.appId, privateKey: app.privateKey, baseUrl }).pipe(
      Layer.provide(RedisTokenStore.layerWith(options)),
      Layer.provide(ReconnectingRedis.layer(connection)),
      Layer.provideMerge(Logger.layer([logger]))
    )
  )
  const context = yield* Layer.build(layer)
  const icr = Context.get(context, IcrApp)
  const slowest = { millis: 0 }
  const token = (id: string) =>
    Effect.gen(function* () {
      const begin = yield* Clock.currentTimeMillis
      const { token } = yield* icr.installationToken(InstallationId.make(id))
      slowest.millis = Math.max(slowest.millis, (yield* Clock.currentTimeMillis) - begin)
      return Redacted.value(token)
    }).pipe(Effect.provide(context))
  return {
    icr,
    token,
    /** The tokens of several installations, requested at once. */
    tokens: (ids: ReadonlyArray<string>) => Effect.forEach(ids, token, { concurrency: "unbounded" }),
    log,
    slowest,
    lines: (level: string) => log.filter((entry) => entry.level === level).map(({ text }) => text)
  }
})
