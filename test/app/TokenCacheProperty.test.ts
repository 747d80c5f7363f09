/**
 * Random interleavings of get, fail, expire, revoke, force, interrupt and invalidate in virtual time, against a simple
 * model. `ICR_SEED=… ICR_INTERLEAVINGS=…` repeats a run; the seed is printed.
 */
import type { InstallationAccessToken } from "@effect-icr/app/domain/AccessToken"
import { IcrError } from "@effect-icr/app/IcrError"
import { ServerError, Unauthorized } from "@effect-icr/app/IcrReason"
import { type GetOptions, TokenCache } from "@effect-icr/app/TokenCache"
import { assert, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Logger, Option, Random, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { cacheOver, idOf, textOf, tokenBody } from "../support/registry.ts"

const seed = Number(process.env["ICR_SEED"] ?? Math.floor(Math.random() * 2 ** 31))
const interleavings = Number(process.env["ICR_INTERLEAVINGS"] ?? 20_000)
const perLayer = 50

/** mulberry32: small, and the same everywhere. */
const generator = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

interface Issued {
  readonly key: string
  readonly begunAt: number
  readonly arrivedAt: number
  /** Milliseconds. */
  readonly arrived: number
  readonly end: number
  readonly token: Redacted.Redacted
  /** Nobody who asks from then on may get it: revoked, or refused. */
  deadFrom: number
}

interface Failure {
  readonly key: string
  readonly at: number
}

/** What the registry knows. Moments are steps, not milliseconds: several things happen within one. */
const makeModel = (draw: () => number) => {
  const issued = new Map<string, Issued>()
  const failures: Array<Failure> = []
  const underWay = new Map<string, { readonly begunAt: number; isOrphan: boolean }>()
  const seen = { step: 0, exchanges: 0, served: 0, failed: 0, interrupted: 0, revoked: 0, refused: 0 }
  const wrong: Array<string> = []
  let isDown = false
  const exchange = Effect.fnUntraced(function* (key: string) {
    if (underWay.has(key)) wrong.push(`two exchanges for ${key}`)
    const current = { begunAt: ++seen.step, isOrphan: false }
    underWay.set(key, current)
    const text = `crs_${++seen.exchanges}`
    if (draw() < 0.7) yield* Effect.sleep(Math.floor(draw() * 4000))
    const arrived = yield* Clock.currentTimeMillis
    const arrivedAt = ++seen.step
    underWay.delete(key)
    if (isDown || draw() < 0.1) {
      failures.push({ key, at: arrivedAt })
      return yield* new IcrError({ reason: new ServerError({ ...answer, status: 503, retryAfter: Option.none() }) })
    }
    const life = draw() < 0.15 ? 1 + Math.floor(draw() * 2000) : 15_000 + Math.floor(draw() * 45_000)
    // Begun before the entry was emptied: for those who wait for it, and for nobody else.
    const deadFrom = current.isOrphan ? arrivedAt : Infinity
    const token = Redacted.make(text)
    issued.set(text, { key, begunAt: current.begunAt, arrivedAt, arrived, end: arrived + life, token, deadFrom })
    return tokenBody({ text, installation: key, now: arrived, life })
  })
  const emptied = (key: string) => {
    const current = underWay.get(key)
    if (current !== undefined) current.isOrphan = true
    for (const known of issued.values()) if (known.key === key) declareDead(known)
  }
  const declareDead = (known: Issued) => {
    known.deadFrom = Math.min(known.deadFrom, ++seen.step)
  }
  return {
    issued,
    failures,
    seen,
    wrong,
    exchange,
    emptied,
    declareDead,
    forgetRound: () => {
      issued.clear()
      failures.length = 0
    },
    /** Down for less than half of the time. */
    toggle: () => {
      isDown = !isDown && draw() < 0.6
    }
  }
}

const answer = {
  operation: "test",
  method: "POST",
  path: "/",
  idempotent: true,
  attempts: 1,
  elapsed: Duration.zero,
  status: 401,
  registryMessage: []
}
const refusedError = new IcrError({ reason: new Unauthorized({ ...answer, tried: "nothing" }) })

type Model = ReturnType<typeof makeModel>

/** One call, and whether what it gave was right. */
const checkedGet = Effect.fnUntraced(function* (
  model: Model,
  key: string,
  options: GetOptions | undefined,
  mayForget: boolean
) {
  const { seen, wrong } = model
  const cache = yield* TokenCache
  const calledAt = ++seen.step
  const exit = yield* Effect.exit(
    options === undefined ? cache.installationToken(idOf(key)) : cache.installationTokenWith(idOf(key), options)
  )
  const now = yield* Clock.currentTimeMillis
  const endedAt = ++seen.step
  const say = (what: string) => {
    wrong.push(`${what} (${key}, ${JSON.stringify(options)}, step ${calledAt})`)
  }
  if (Exit.isSuccess(exit)) {
    seen.served++
    const token: InstallationAccessToken = exit.value
    const text = textOf(token)
    const known = model.issued.get(text)
    if (known === undefined) return say("a token nobody issued")
    if (known.key !== key || token.installationId !== key) say("another key's token")
    if (now >= known.end) say(`a token that ended ${now - known.end} ms ago`)
    if (known.deadFrom < calledAt) say("a token revoked or refused before the call")
    if (options?.forceRefresh === true && known.begunAt < calledAt) say("a forced refresh gave an older token")
    const wanted = Duration.toMillis(Duration.fromInputUnsafe(options?.minimumValidity ?? 0))
    const least = Math.min(wanted, 0.9 * (known.end - known.arrived))
    if (known.end - now < least && known.arrivedAt < calledAt) say("a token too short, and none issued for the call")
    return
  }
  seen.failed++
  if (!model.failures.some((failure) => failure.key === key && failure.at > calledAt && failure.at < endedAt)) {
    say("a failure from before the call")
  }
  if (options !== undefined || mayForget) return
  // The newest token, if it lives and nobody has declared it dead, must not be withheld.
  const newest = [...model.issued.values()].findLast((known) => known.key === key)
  if (newest !== undefined && newest.arrivedAt < calledAt && now < newest.end && newest.deadFrom === Infinity) {
    say("a failure though there is a living token")
  }
})

const interleaving = Effect.fnUntraced(function* (model: Model, draw: () => number, mayForget: boolean) {
  const cache = yield* TokenCache
  const round = model.seen.step
  const keys = [`a${round}`, `b${round}`]
  const pick = <A>(from: ReadonlyArray<A>) => from[Math.floor(draw() * from.length)]
  const running: Array<Fiber.Fiber<unknown>> = []
  const begin = (key: string, options?: GetOptions) =>
    Effect.map(
      Effect.forkChild(checkedGet(model, key, options, mayForget), { startImmediately: true }),
      (fiber) => void running.push(fiber)
    )
  const events = 8 + Math.floor(draw() * 16)
  for (let event = 0; event < events; event++) {
    const key = pick(keys) ?? ""
    const choice = draw()
    if (choice < 0.38) yield* begin(key)
    else if (choice < 0.44) yield* begin(key, { minimumValidity: Math.floor(draw() * 30_000) })
    else if (choice < 0.51) yield* begin(key, { forceRefresh: true })
    else if (choice < 0.57) {
      const fiber = pick(running)
      if (fiber !== undefined) {
        model.seen.interrupted++
        yield* Fiber.interrupt(fiber)
      }
    } else if (choice < 0.6) {
      const taken = yield* cache.invalidateInstallationToken(idOf(key))
      model.seen.revoked++
      model.emptied(key)
      if (Option.isSome(taken) && model.issued.get(textOf(taken.value))?.key !== key) model.wrong.push("took another's")
    } else if (choice < 0.7) {
      // The newest, more often than not: the others have been replaced already.
      const ofKey = [...model.issued.values()].filter((known) => known.key === key)
      const known = draw() < 0.7 ? ofKey.at(-1) : pick(ofKey)
      if (known !== undefined) {
        const { onRefused } = cache.installationCredential(idOf(key))
        yield* onRefused({ error: refusedError, refused: [known.token], canRepeat: false, path: `/${model.seen.step}` })
        // A younger one stays, since it may not have spread yet.
        if ((yield* Clock.currentTimeMillis) - known.arrived >= 3000) {
          model.seen.refused++
          model.declareDead(known)
        }
      }
    } else if (choice < 0.75) model.toggle()
    else yield* TestClock.adjust(Math.floor(draw() ** 1.5 * 30_000))
  }
  yield* TestClock.adjust(20_000)
  for (const fiber of running) if (fiber.pollUnsafe() === undefined) model.wrong.push("a call that never ended")
  model.forgetRound()
})

it.effect(
  `${interleavings} random interleavings (ICR_SEED=${seed}) never give a dead, a foreign or a withheld token`,
  () =>
    Effect.gen(function* () {
      const total: Record<string, number> = {}
      for (let done = 0; done < interleavings; done += perLayer) {
        const draw = generator(seed + done)
        const model = makeModel(draw)
        const capacity = draw() < 0.2 ? 1 : 10_000
        const options = {
          capacity,
          refreshWindow: Math.floor(draw() * 20_000),
          forcedRefreshWindow: Math.floor(draw() * 8000),
          retryInterval: Math.floor(draw() * 5000)
        }
        const batch = Math.min(perLayer, interleavings - done)
        yield* Effect.gen(function* () {
          for (let i = 0; i < batch; i++) yield* interleaving(model, draw, capacity === 1)
        }).pipe(
          Effect.provide(cacheOver(model.exchange, options)),
          // The cache's own draws (the jitter) come from the seed as well.
          Effect.provideService(Random.Random, {
            nextDoubleUnsafe: draw,
            nextIntUnsafe: () => Math.floor(draw() * 2 ** 31)
          })
        )
        assert.deepStrictEqual(model.wrong.slice(0, 5), [], `seed ${seed}, batch ${done}`)
        for (const [name, count] of Object.entries(model.seen)) total[name] = (total[name] ?? 0) + count
      }
      process.stdout.write(`ICR_SEED=${seed}: ${interleavings} interleavings, ${JSON.stringify(total)}\n`)
      // A run in which nothing happened proves nothing.
      for (const name of ["exchanges", "served", "failed", "interrupted", "revoked", "refused"]) {
        assert.isAbove(total[name] ?? 0, interleavings / 50, name)
      }
    }).pipe(Effect.provide(Logger.layer([]))),
  120_000
)
