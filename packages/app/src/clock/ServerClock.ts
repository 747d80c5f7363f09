/**
 * The registry's time, learned from the `Date` header of its answers.
 *
 * **When to use**
 *
 * `IcrApp.layer` includes it. In a composition of one's own, `Signer`, `IcrHttp` and `TokenCache` have to share one.
 *
 * **Details**
 *
 * A JWT whose times are off by minutes is refused, and a token's `expiresAt` means the registry's time instead of this
 * machine's. The offset between the two is remembered and measured again with every answer, so it heals when it stops helping.
 *
 * **Gotchas**
 *
 * Differences below 3 seconds are ignored: the header has whole seconds, and the answer travels.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Result from "effect/Result"
import * as DateTime from "effect/DateTime"
import * as Headers from "effect/http/Headers"

/**
 * The registry's time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** Milliseconds to add to this machine's clock. 0 until an answer showed a difference of 3 s or more. */
  readonly offset: Effect.Effect<number>
  /** The registry's time, in milliseconds since the epoch. */
  readonly now: Effect.Effect<number>
  /** Learns from a `Date` header; `sentAt` and `receivedAt` are this machine's milliseconds around the request. */
  readonly observe: (date: string, sentAt: number, receivedAt: number) => Effect.Effect<void>
}

const tolerance = 3000

/** The offset after an answer that lies between these bounds. */
const corrected = (current: number, least: number, most: number) => {
  if (current >= least - tolerance && current <= most + tolerance) return current
  const measured = Math.round((least + most) / 2)
  return Math.abs(measured) < tolerance ? 0 : measured
}

const describe = (offset: number) =>
  offset === 0
    ? "The clocks of the registry and this machine agree again"
    : `The registry's clock is ${Math.abs(offset / 1000).toFixed(0)} s ${offset > 0 ? "ahead of" : "behind"} this machine's; JWTs and expiry are corrected for it`

const make = Effect.gen(function* () {
  const offset = yield* Ref.make(0)

  const observe = Effect.fnUntraced(function* (date: string, sentAt: number, receivedAt: number) {
    const parsed = Headers.parseHttpDate(date)
    if (Result.isFailure(parsed)) return
    // The stamp was made between sending and receiving and has whole seconds.
    const stamped = DateTime.toEpochMillis(parsed.success)
    const correct = (current: number) => corrected(current, stamped - receivedAt, stamped + 1000 - sentAt)
    const before = yield* Ref.getAndUpdate(offset, correct)
    const after = correct(before)
    if (after !== before) yield* Effect.logWarning(describe(after))
  })

  return ServerClock.of({
    offset: Ref.get(offset),
    now: Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.map(Ref.get(offset), (offset) => now + offset)),
    observe
  })
})

/**
 * The registry's time.
 *
 * @category services
 * @since 0.1.0
 */
export class ServerClock extends Context.Service<ServerClock, Service>()("@effect-icr/app/ServerClock") {
  /** Starts without an offset and learns from the answers that `IcrHttp` sees. */
  static readonly layer: Layer.Layer<ServerClock> = Layer.effect(ServerClock, make)
}
