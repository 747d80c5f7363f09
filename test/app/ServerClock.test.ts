import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { IcrHttp } from "@effect-icr/app/IcrHttp"
import { type ObserveOptions, ServerClock } from "@effect-icr/app/ServerClock"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { captured, idOf } from "../support/registry.ts"
import { withSimulator } from "../support/app.ts"
import { get, inVirtualTime, type Play, played, status } from "./support/wire.ts"

const second = 1000
const minute = 60 * second

/** An answer just received, from a registry whose clock is ahead by this much. */
const observe = Effect.fnUntraced(function* (ahead: number, took = 0, options?: ObserveOptions) {
  const now = yield* Clock.currentTimeMillis
  const date = DateTime.toDateUtc(DateTime.makeUnsafe(now + ahead)).toUTCString()
  yield* (yield* ServerClock).observe(date, now - took, now, options)
})
const exchange = { isExchange: true }
const offset = Effect.flatMap(ServerClock, (clock) => clock.offset)
const start = TestClock.setTime(1_800_000_000_000)

describe("the offset", () => {
  it.effect("is learnt from the Date header, within the second that the header tells", () =>
    Effect.gen(function* () {
      yield* start
      yield* observe(2 * minute)
      assert.closeTo(yield* offset, 2 * minute, second)
      assert.strictEqual(yield* (yield* ServerClock).now, 1_800_000_000_000 + (yield* offset))
    }).pipe(Effect.provide(ServerClock.layer))
  )

  it.effect("ignores less than 3 s", () =>
    Effect.gen(function* () {
      yield* start
      for (const ahead of [-2999, -1000, 0, 1000, 2999]) {
        yield* observe(ahead)
        assert.strictEqual(yield* offset, 0)
      }
    }).pipe(Effect.provide(ServerClock.layer))
  )

  it.effect("does not take a slow answer for a wrong clock", () =>
    Effect.gen(function* () {
      yield* start
      yield* observe(-20 * second, 25 * second)
      assert.strictEqual(yield* offset, 0)
    }).pipe(Effect.provide(ServerClock.layer))
  )

  it.effect("is remembered: answers that fit it change and say nothing; one warning with the seconds", () => {
    const log = captured()
    return Effect.gen(function* () {
      yield* start
      for (let i = 0; i < 20; i++) {
        yield* observe(2 * minute)
        yield* TestClock.adjust(700)
      }
      assert.strictEqual(log.lines.length, 1)
      assert.match(log.lines[0] ?? "", /\b12[01] s ahead of this machine's/)
    }).pipe(Effect.provide(ServerClock.layer), Effect.provide(log.layer))
  })

  it.effect("is measured again when it stops helping", () => {
    const log = captured()
    return Effect.gen(function* () {
      yield* start
      yield* observe(2 * minute)
      yield* observe(-10 * minute, 0, exchange)
      assert.closeTo(yield* offset, -10 * minute, second)
      yield* observe(0)
      assert.strictEqual(yield* offset, 0)
      assert.match(log.lines[1] ?? "", /behind this machine's/)
      assert.include(log.lines[2] ?? "", "agree again")
    }).pipe(Effect.provide(ServerClock.layer), Effect.provide(log.layer))
  })

  it.effect("is not moved back by the date of a kept answer, but by the answer to an exchange", () =>
    Effect.gen(function* () {
      yield* start
      yield* observe(0)
      yield* TestClock.adjust(5 * 60 * minute)
      yield* observe(-5 * 60 * minute)
      yield* observe(-4 * second)
      assert.strictEqual(yield* offset, 0)
      yield* observe(-5 * 60 * minute, 0, exchange)
      assert.closeTo(yield* offset, -5 * 60 * minute, second)
      yield* observe(0)
      assert.strictEqual(yield* offset, 0)
    }).pipe(Effect.provide(ServerClock.layer), Effect.provide(Logger.layer([])))
  )

  it.effect("is still measured by a date a little behind, by a date ahead, and by one that was long under way", () =>
    Effect.gen(function* () {
      yield* start
      yield* observe(10 * minute)
      yield* observe(10 * minute - 2 * second)
      yield* observe(10 * minute - 20 * second, 20 * second)
      assert.closeTo(yield* offset, 10 * minute, 2 * second)
      yield* observe(15 * minute)
      assert.closeTo(yield* offset, 15 * minute, second)
    }).pipe(Effect.provide(ServerClock.layer), Effect.provide(Logger.layer([])))
  )

  it.effect("is not moved by a Date that is none", () =>
    Effect.gen(function* () {
      yield* (yield* ServerClock).observe("yesterday", 0, 0)
      assert.strictEqual(yield* offset, 0)
    }).pipe(Effect.provide(ServerClock.layer))
  )
})

describe("over the wire", () => {
  const times = {
    start: "Fri, 15 Jan 2027 08:00:00 GMT",
    later: "Fri, 15 Jan 2027 08:00:08 GMT",
    hourBefore: "Fri, 15 Jan 2027 07:00:00 GMT"
  }
  const offsetAfter = (play: Play) => {
    const { layer } = played(play)
    const wire = IcrHttp.layer.pipe(
      Layer.provide([layer, IcrConfig.layerWith({ appId: "app-1", baseUrl: "http://localhost" })]),
      Layer.provideMerge(ServerClock.layer)
    )
    return Effect.gen(function* () {
      yield* start
      yield* inVirtualTime(get)
      return yield* offset
    }).pipe(Effect.provide(wire), Effect.provide(Logger.layer([])))
  }

  it.effect("an answer from a cache tells the time at which it was stored, and is not listened to", () =>
    Effect.gen(function* () {
      const old = (age?: string) => () =>
        Effect.sync(() => status(200, { date: times.hourBefore, ...(age && { age }) }))
      assert.strictEqual(yield* offsetAfter(old("3600")), 0)
      assert.strictEqual(yield* offsetAfter(old("0")), 0)
      assert.closeTo(yield* offsetAfter(old()), -60 * minute, second)
    })
  )

  it.effect("an answer that was long under way is no wrong clock, whenever it was stamped", () =>
    Effect.gen(function* () {
      for (const date of [times.start, times.later]) {
        const slow = () =>
          Effect.delay(
            Effect.sync(() => status(200, { date })),
            8 * second
          )
        assert.strictEqual(yield* offsetAfter(slow), 0)
      }
    })
  )
})

describe("against a registry whose clock is wrong", () => {
  for (const skew of [20 * minute, -20 * minute]) {
    it.effect(
      `by ${skew / minute} min, a refused JWT is re-signed and sent once more; later calls cost one request`,
      () =>
        Effect.gen(function* () {
          const app = yield* IcrApp
          const { control, installationIds } = yield* Simulator
          const [first = ""] = yield* installationIds
          yield* start
          yield* control.skewClock(skew)
          yield* app.installation(idOf(first))
          assert.strictEqual(yield* control.requestCount(), 2)
          yield* app.installation(idOf(first))
          yield* app.installation(idOf(first))
          assert.strictEqual(yield* control.requestCount(), 4)
          yield* app.installationToken(idOf(first))
          assert.strictEqual(yield* control.requestCount(), 5)
        }).pipe(Effect.provide(withSimulator()), Effect.provide(Logger.layer([])))
    )
  }

  it.effect("that is mended while we run, the offset is dropped and the call still succeeds", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const { control, installationIds } = yield* Simulator
      const [first = ""] = yield* installationIds
      yield* start
      yield* control.skewClock(20 * minute)
      yield* app.installation(idOf(first))
      yield* control.skewClock(0)
      yield* app.installation(idOf(first))
      assert.strictEqual(yield* control.requestCount(), 4)
    }).pipe(Effect.provide(withSimulator()), Effect.provide(Logger.layer([])))
  )

  it.effect("a JWT refused for another reason is not sent again", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const { control, installationIds } = yield* Simulator
      const [first = ""] = yield* installationIds
      yield* control.rotateKey()
      const error = yield* Effect.flip(app.installation(idOf(first)))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.strictEqual(yield* control.requestCount(), 1)
    }).pipe(Effect.provide(withSimulator()))
  )
})
