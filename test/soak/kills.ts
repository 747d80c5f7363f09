/**
 * Deliveries from the simulator to a receiver that is killed (SIGKILL) again and again. Sent until each is answered 202,
 * as a registry that repeats would; what counts is whether anything answered 202 was not worked on.
 */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { Simulator } from "@effect-icr/simulator/Simulator"
import type { SimulatorError } from "@effect-icr/simulator/SimulatorError"
import type { Delivery } from "@effect-icr/simulator/Webhooks"
import { Clock, Effect, Layer, Redacted, Ref, Schedule, Scope } from "effect"
import { Redis } from "effect/persistence"
import { spawn } from "node:child_process"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"
import { startRedis } from "../support/redis.ts"

/** What was counted. */
export interface Tally {
  readonly deliveries: number
  readonly kills: number
  /** Attempts to send, those included that found nobody listening. */
  readonly sent: number
  /** Deliveries answered with 202 in the end. */
  readonly accepted: number
  /** Transactions worked on to the end at least once. */
  readonly handled: number
  /** Times that work was begun again, since a kill had cut it off or its end was not written down. */
  readonly begunAgain: number
  /** Times that work was done again to the end. */
  readonly duplicates: number
  readonly seconds: number
}

const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

const receiver = fileURLToPath(new URL("receiver.ts", import.meta.url))

/** A receiver that listens. Killed without a word when its scope ends. */
const startReceiver = (env: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof spawn>>((resume) => {
      const child = spawn(process.execPath, [receiver], {
        env: { PATH: process.env["PATH"] ?? "", ...env },
        stdio: ["ignore", "pipe", "inherit"]
      })
      child.stdout?.on("data", (chunk) => {
        if (String(chunk).includes("Listening")) resume(Effect.succeed(child))
      })
      child.once("exit", (code) => resume(Effect.die(`the receiver ended with ${code}`)))
    }),
    (child) =>
      Effect.callback<void>((resume) => {
        if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGKILL")
      })
  )

const counts = Effect.gen(function* () {
  const redis = yield* Redis.Redis
  const timesOf = (name: string) => redis.send<ReadonlyArray<string>>("HVALS", name)
  const [begun, handled] = [yield* timesOf("begun"), yield* timesOf("handled")]
  const again = (times: ReadonlyArray<string>) => times.reduce((sum, n) => sum + Number(n) - 1, 0)
  return { handled: handled.length, begunAgain: again(begun), duplicates: again(handled) }
})

/** Sends `deliveries` at 64 at a time, and kills the receiver `kills` times at even distances in between. */
export const deliverThroughKills = Effect.fnUntraced(function* (deliveries: number, kills: number) {
  const socket = yield* startRedis
  const { app, control, ...simulator } = yield* Simulator
  const port = yield* freePort
  const [installation = ""] = yield* simulator.installationIds
  yield* control.webhooks.setTarget(`http://127.0.0.1:${port}/webhook`)
  const env = { PORT: String(port), REDIS_SOCKET: socket, ICR_WEBHOOK_SECRET: Redacted.value(app.webhookSecret) }
  const scope = yield* Scope.Scope
  const begun = yield* Clock.currentTimeMillis

  const generation = yield* Ref.make(yield* Scope.fork(scope))
  const start = Effect.flatMap(Ref.get(generation), (own) => Scope.provide(startReceiver(env), own))
  const restart = Effect.gen(function* () {
    yield* Scope.close(yield* Ref.get(generation), yield* Effect.exit(Effect.void))
    yield* Ref.set(generation, yield* Scope.fork(scope))
    yield* start
  })
  yield* start

  const tally = { sent: 0, accepted: 0, done: 0, kills: 0 }
  const step = Math.floor(deliveries / (kills + 1))
  const kill = Effect.suspend(() => {
    tally.kills++
    return restart
  })
  const untilAccepted = (delivery: Delivery): Effect.Effect<void, SimulatorError> => {
    tally.sent++
    return delivery.status === 202
      ? Effect.void
      : control.webhooks.redeliver(delivery.number).pipe(Effect.delay("50 millis"), Effect.flatMap(untilAccepted))
  }
  const deliver = Effect.gen(function* () {
    yield* Effect.flatMap(control.webhooks.transaction(installation), untilAccepted)
    tally.accepted++
    tally.done++
    if (tally.done % step === 0 && tally.kills < kills) yield* kill
  })
  yield* Effect.forEach(Array.from({ length: deliveries }), () => deliver, { concurrency: 64, discard: true })

  const counted = yield* counts.pipe(
    Effect.repeat({
      until: ({ handled }) => handled >= deliveries,
      times: 300,
      schedule: Schedule.spaced("100 millis")
    }),
    Effect.andThen(Effect.delay(counts, "500 millis")),
    Effect.provide(NodeRedis.layer({ socket: { path: socket, tls: false } }))
  )
  const result: Tally = {
    deliveries,
    kills: tally.kills,
    sent: tally.sent,
    accepted: tally.accepted,
    ...counted,
    seconds: ((yield* Clock.currentTimeMillis) - begun) / 1000
  }
  return result
})

/** A simulator on a socket of its own. */
export const registry = Layer.orDie(Simulator.layerServerWith({ installations: 1 }))
