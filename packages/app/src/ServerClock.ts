/**
 * What time the registry thinks it is.
 *
 * A JWT whose times are off by minutes is refused, and a token's `expiresAt` means the registry's time, not ours. The
 * `Date` header of every answer tells; differences below 3 seconds are noise (the header has whole seconds, the answer
 * travels) and ignored. The offset is remembered and measured again with every answer, so it heals when it stops helping.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Result from "effect/Result"
import * as DateTime from "effect/DateTime"
import * as Headers from "effect/http/Headers"

/** What the layer hands out. */
export interface Service {
  /** Milliseconds to add to this machine's clock. 0 until an answer showed a difference of 3 s or more. */
  readonly offset: Effect.Effect<number>
  /** The registry's time, in milliseconds since the epoch. */
  readonly now: Effect.Effect<number>
  /** Learns from a `Date` header; `sentAt` and `receivedAt` are this machine's milliseconds around the request. */
  readonly observe: (date: string, sentAt: number, receivedAt: number) => Effect.Effect<void>
}

const tolerance = 3000

const make = Effect.gen(function* () {
  const offset = yield* Ref.make(0)

  const observe = Effect.fnUntraced(function* (date: string, sentAt: number, receivedAt: number) {
    const parsed = Headers.parseHttpDate(date)
    if (Result.isFailure(parsed)) return
    const stamped = DateTime.toEpochMillis(parsed.success)
    // The stamp was made between sending and receiving and has whole seconds: the offset lies within these bounds.
    const least = stamped - receivedAt
    const most = stamped + 1000 - sentAt
    const current = yield* Ref.get(offset)
    if (current >= least - tolerance && current <= most + tolerance) return
    const measured = Math.round((least + most) / 2)
    const next = Math.abs(measured) < tolerance ? 0 : measured
    if (next === current) return
    yield* Ref.set(offset, next)
    yield* Effect.logWarning(
      next === 0
        ? "The clocks of the registry and this machine agree again"
        : `The registry's clock is ${Math.abs(next / 1000).toFixed(0)} s ${next > 0 ? "ahead of" : "behind"} this machine's; JWTs and expiry are corrected for it`
    )
  })

  return ServerClock.of({
    offset: Ref.get(offset),
    now: Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.map(Ref.get(offset), (offset) => now + offset)),
    observe
  })
})

/** What time the registry thinks it is. */
export class ServerClock extends Context.Service<ServerClock, Service>()("@effect-icr/app/ServerClock") {
  /** Starts without an offset and learns from the answers that `IcrHttp` sees. */
  static readonly layer: Layer.Layer<ServerClock> = Layer.effect(
    ServerClock,
    Effect.suspend(() => make)
  )
}
