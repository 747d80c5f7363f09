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
 * machine's. The offset between the two is remembered and measured again with every answer, so a wrong one is corrected.
 *
 * **Gotchas**
 *
 * Differences below 3 seconds are ignored: the header has whole seconds, and the answer travels. A `fetch` that caches answers
 * repeats old dates, so a date that goes back counts only in the answer to a token exchange.
 *
 * @module
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Result from "effect/Result"
import * as DateTime from "effect/DateTime"
import * as Headers from "effect/http/Headers"
import * as ElapsedTime from "./internal/elapsedTime.ts"

/**
 * What an answer is, beside its date.
 *
 * @category options
 * @since 0.1.0
 */
export interface ObserveOptions {
  /** Whether it answers a token exchange, which no cache keeps. Its date always counts, to correct a wrong one. Default false. */
  readonly isExchange?: boolean | undefined
}

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
  /**
   * Learns from a `Date` header; `sentAt` and `receivedAt` are this machine's milliseconds around the request. A date more than
   * 3 s behind the last one and the time elapsed since is that of a cached answer, and ignored unless it answers an exchange.
   */
  readonly observe: (date: string, sentAt: number, receivedAt: number, options?: ObserveOptions) => Effect.Effect<void>
}

const tolerance = 3000

/** The new offset, when an answer shows it to lie between these bounds. */
const corrected = (current: number, least: number, most: number) => {
  if (current >= least - tolerance && current <= most + tolerance) return current
  const measured = Math.round((least + most) / 2)
  return Math.abs(measured) < tolerance ? 0 : measured
}

const describe = (offset: number) =>
  offset === 0
    ? "The clocks of the registry and this machine agree again"
    : `The registry's clock is ${Math.abs(offset / 1000).toFixed(0)} s ${offset > 0 ? "ahead of" : "behind"} this machine's; JWTs and expiry are corrected for it`

interface State {
  readonly time: ElapsedTime.ElapsedTime
  readonly offset: number
  /** The registry's time by the last date that counted, less the elapsed time at that moment. */
  readonly lead: number
}

const make = Effect.map(Ref.make<State>({ time: ElapsedTime.start, offset: 0, lead: -Infinity }), (state) =>
  ServerClock.of({
    offset: Effect.map(Ref.get(state), ({ offset }) => offset),
    now: Effect.zipWith(Clock.currentTimeMillis, Ref.get(state), (now, { offset }) => now + offset),
    observe: (date, sentAt, receivedAt, { isExchange = false } = {}) => {
      const parsed = Headers.parseHttpDate(date)
      if (Result.isFailure(parsed)) return Effect.void
      const stamped = DateTime.toEpochMillis(parsed.success)
      const changed = Clock.clockWith((clock) =>
        Ref.modify(state, (before): readonly [number | undefined, State] => {
          const time = ElapsedTime.read(before.time, clock)
          const lead = stamped - time.now
          // A slow answer was stamped long before it was received.
          const isKept = lead + (receivedAt - sentAt) < before.lead - tolerance
          if (isKept && !isExchange) return [undefined, { ...before, time }]
          // The stamp was made between sending and receiving and has whole seconds.
          const offset = corrected(before.offset, stamped - receivedAt, stamped + 1000 - sentAt)
          return [offset === before.offset ? undefined : offset, { time, offset, lead }]
        })
      )
      return Effect.flatMap(changed, (offset) =>
        offset === undefined ? Effect.void : Effect.logWarning(describe(offset))
      )
    }
  })
)

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
