/**
 * Checkouts by processes of their own against a simulator on a socket, while 30 % of all requests fail in one of seven
 * ways, tokens expire, the seller is suspended now and then, and the processes are killed (SIGKILL) between reserve and
 * finish and started again.
 */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { Registry } from "@effect-icr/registry/Registry"
import type { Fault } from "@effect-icr/simulator/Fault"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { Config, Duration, Effect, Fiber, FileSystem, Layer, Path, Redacted, Schedule, Stream } from "effect"
import { ChildProcess } from "effect/process"
import { fileURLToPath } from "node:url"
import { startRedis } from "../../support/redis.ts"
import { audit, registryOf } from "./audit.ts"
import { read, type Step } from "./orders.ts"

/** How much is to be done. */
export interface Plan {
  readonly checkouts: number
  /** With more than one, they share claims in a Redis. */
  readonly processes: number
  /** At even distances, whichever process is just between reserve and finish. */
  readonly kills: number
}

const program = fileURLToPath(new URL("process.ts", import.meta.url))

/** 30 % of all requests together: each is drawn for itself. */
const faults: ReadonlyArray<Fault> = [
  { _tag: "Status", status: 503 },
  { _tag: "Status", status: 503, handled: true },
  { _tag: "Reset" },
  { _tag: "Reset", at: "answer" },
  { _tag: "LateWork", millis: 100 },
  { _tag: "StallBeforeHead" },
  { _tag: "StallInBody" }
]
const probability = 1 - 0.7 ** (1 / faults.length)

/** At a time, by all processes together. */
const concurrency = 64

/** What kills found: orders that a process had begun and not ended. */
const countOpen = (steps: Iterable<Step>) => {
  const cut = { reserving: 0, reserved: 0, finishing: 0 }
  for (const { _tag } of steps) {
    if (_tag === "Reserving") cut.reserving++
    if (_tag === "Reserved") cut.reserved++
    if (_tag === "Finishing") cut.finishing++
  }
  return cut
}

/** Runs a plan and compares. */
export const runCheckouts = Effect.fnUntraced(function* ({ checkouts, kills, processes }: Plan) {
  const { app, baseUrl, control, ...simulator } = yield* Simulator
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "icr-checkouts-" })
  const [seller = ""] = yield* simulator.installationIds
  const [sellerOrganization = "", buyer = ""] = yield* simulator.organizationIds
  const [credit] = yield* (yield* Registry).organization(InstallationId.make(seller)).warehouse.credits
  if (credit === undefined) return yield* Effect.fail("the warehouse is empty")
  const creditId = credit.id
  const stock = `${checkouts * 2}.000000000000000001`
  yield* control.credits.setHolding({
    organizationId: sellerOrganization,
    place: "warehouse",
    creditId,
    amount: stock
  })
  const before = { seller, creditId, stock, books: yield* control.credits.books }

  const journalOf = (part: number) => path.join(folder, `orders-${part}.jsonl`)
  const environment = {
    PATH: yield* Config.String("PATH"),
    ICR_APP_ID: app.appId,
    ICR_PRIVATE_KEY: Redacted.value(app.privateKey),
    ICR_BASE_URL: baseUrl,
    ORDERS: String(checkouts),
    PARTS: String(processes),
    CONCURRENCY: String(concurrency / processes),
    SELLER: seller,
    BUYER: buyer,
    CREDIT: creditId,
    ...(processes > 1 ? { REDIS_SOCKET: yield* startRedis } : {})
  }

  const seen = { begun: 0, kills: 0, cut: { reserving: 0, reserved: 0, finishing: 0 } }

  /** One life of a process. Whether it was killed. */
  const live = Effect.fnUntraced(function* (part: number) {
    const child = yield* ChildProcess.make(process.execPath, [program], {
      env: { ...environment, PART: String(part), JOURNAL: journalOf(part) },
      stdin: "ignore",
      stderr: "inherit"
    })
    let isKilled = false
    yield* child.stdout.pipe(
      Stream.decodeText(),
      Stream.splitLines,
      Stream.runForEach((line) => {
        if (line === "begun") seen.begun++
        const isDue = line === "reserved" && seen.begun >= ((seen.kills + 1) * checkouts) / (kills + 1)
        if (!isDue || isKilled || seen.kills >= kills) return Effect.void
        isKilled = true
        seen.kills++
        return child.kill({ killSignal: "SIGKILL" })
      })
    )
    if (isKilled) return true
    const code = yield* child.exitCode
    return code === 0 ? false : yield* Effect.fail(`a process of the checkout ended with ${code}`)
  }, Effect.scoped)

  const runPart = Effect.fnUntraced(function* (part: number) {
    while (yield* live(part)) {
      const cut = countOpen((yield* read(journalOf(part))).values())
      seen.cut.reserving += cut.reserving
      seen.cut.reserved += cut.reserved
      seen.cut.finishing += cut.finishing
    }
  })

  yield* Effect.forEach(faults, (fault) => control.faults.probability("*", probability, fault))
  const suspending = Effect.all([control.suspend(seller), Effect.sleep("20 millis"), control.unsuspend(seller)])
  const disturbing = yield* Effect.all(
    [
      Effect.repeat(suspending, Schedule.spaced("1 second")),
      // Besides those that end by themselves.
      Effect.repeat(control.expireAllTokens, Schedule.spaced("4 seconds"))
    ],
    { concurrency: "unbounded" }
  ).pipe(Effect.forkChild)
  const parts = Array.from({ length: processes }, (_, part) => part)
  const [took] = yield* Effect.timed(Effect.forEach(parts, runPart, { concurrency: "unbounded", discard: true }))
  yield* Fiber.interrupt(disturbing)
  yield* control.unsuspend(seller)
  yield* control.faults.clear

  const journals = yield* Effect.forEach(parts, (part) => read(journalOf(part)))
  const [auditTook, found] = yield* Effect.timed(audit(new Map(journals.flatMap((steps) => Array.from(steps))), before))
  return {
    processes,
    ...found,
    kills: seen.kills,
    cut: seen.cut,
    requests: yield* control.requestCount(),
    seconds: Math.round(Duration.toSeconds(took)),
    auditSeconds: Math.round(Duration.toSeconds(auditTook))
  }
})

/** What {@link runCheckouts} found. */
export type Tally = Effect.Success<ReturnType<typeof runCheckouts>>

/** What must not be, in words; none when all is well. */
export const problemsOf = (tally: Tally, { checkouts }: Plan): ReadonlyArray<string> =>
  [
    tally.orders !== checkouts && "an order was forgotten",
    tally.twice > 0 && "an order was retired twice",
    tally.differing > 0 && "the registry did something else than a call said",
    tally.unresolved > 0 && "an uncertain order was not resolved",
    tally.open > 0 && "a reservation was left",
    !tally.exact && "a sum is not exact"
  ].filter((problem) => problem !== false)

/** A simulator on a socket of its own, with the newest of each list first. */
export const world = registryOf.pipe(
  Layer.provideMerge(
    Simulator.layerServerWith({
      tokenLife: "10 seconds",
      behaviour: { creditOrder: "newestFirst", reservationPaging: "pages" }
    })
  )
)
