/**
 * Keeps one token for each key, refreshed before it ends: the interpreter of the state machine in `entry.ts`, used by the
 * token cache and by the signer.
 *
 * All state is one immutable value in a `Ref`, and each change is one `Ref.modify` at one moment. An exchange runs in the
 * scope of the layer instead of the fiber of the caller who began it: callers wait for its `Deferred`, any of them may be
 * interrupted without harm to the others, and closing the layer ends it.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as ElapsedTime from "../../clock/internal/elapsedTime.ts"
import type { IcrError } from "../../errors/IcrError.ts"
import * as Entries from "./entries.ts"
import * as Entry from "./entry.ts"
import type { Changed, Options, RefreshCache, Transition } from "./model.ts"

// Milliseconds that a caller with a living token waits for a new one at the most. The wait also ends after half of the token's
// remaining life, so that a slow registry leaves the caller the other half.
const patience = 5000

export type { CacheEvent, GetOptions, Options, RefreshCache, Situation } from "./model.ts"

interface State<T> {
  readonly entries: Entries.Entries<T>
  /** The number of the last exchange begun. Starts at 1, since "after exchange 0" means "any token will do". */
  readonly lastExchange: number
  readonly time: ElapsedTime.ElapsedTime
  /** Set when the scope closes: no exchange begins any more. */
  readonly isClosed: boolean
}

const atPresent = <T>(all: State<T>, context: Context.Context<never>): State<T> => {
  const time = ElapsedTime.read(all.time, Context.get(context, Clock.Clock))
  return time === all.time ? all : { ...all, time }
}

/** Notes in a caller's trace that it waits: the exchange itself is in the trace of the caller who began it. */
const noteJoined = <A>(context: Context.Context<never>, number: number, wait: Effect.Effect<A, IcrError>) => {
  const span = Context.getOrUndefined(context, Tracer.ParentSpan)
  if (span?._tag !== "Span") return wait
  return Effect.flatMap(Clock.currentTimeNanos, (now) => {
    span.event("token exchange joined", now, { "icr.token.exchange": number })
    return wait
  })
}

/** An empty cache. Its exchanges end with the scope. */
export const make = Effect.fnUntraced(function* <T>(
  options: Options<T>
): Effect.fn.Return<RefreshCache<T>, never, Scope.Scope> {
  const { capacity, onEvent, retry, windows } = options
  const scope = yield* Effect.scope
  const state = yield* Ref.make<State<T>>({
    entries: Entries.make(),
    lastExchange: 1,
    time: ElapsedTime.start,
    isClosed: false
  })

  /** Changes an entry at one moment. */
  const changeIn = (context: Context.Context<never>, key: string, transition: Transition<T>) =>
    Effect.map(
      Ref.modify(state, (old): readonly [Changed<T> & { readonly evicted: number }, State<T>] => {
        const all = atPresent(old, context)
        const { now } = all.time
        const before = Entries.get(all.entries, key)
        const entry = transition(before, now, all.lastExchange)
        if (entry === before) return [{ before, entry, now, evicted: 0 }, all]
        const { entries, evicted } = Entries.put(all.entries, key, entry, capacity, before)
        return [
          { before, entry, now, evicted },
          { ...all, entries }
        ]
      }),
      (changed) => {
        if (changed.evicted > 0) onEvent("evicted", context)
        return changed
      }
    )
  const change: RefreshCache<T>["change"] = (key, transition) =>
    Effect.contextWith((context: Context.Context<never>) => changeIn(context, key, transition))
  const look: RefreshCache<T>["look"] = (key) =>
    Effect.contextWith((context: Context.Context<never>) =>
      Ref.modify(state, (old) => {
        const all = atPresent(old, context)
        return [{ entry: Entries.get(all.entries, key), now: all.time.now }, all]
      })
    )

  /** What the end of an exchange changes. */
  const settle = (
    key: string,
    number: number,
    isRefresh: boolean,
    exit: Exit.Exit<Entry.Exchanged<T>, IcrError>,
    context: Context.Context<never>
  ) => {
    if (Exit.isSuccess(exit)) {
      const { stored, value } = exit.value
      const held = Effect.flatMap(Random.next, (jitter) =>
        changeIn(context, key, (entry, now) =>
          Entry.exchanged(entry, Entry.hold(exit.value, number, now, windows, jitter))
        )
      )
      return Effect.flatMap(held, ({ entry }) => {
        if (!stored) onEvent(isRefresh ? "refreshed" : "exchanged", context)
        return stored || entry.held?.value === value ? Effect.void : options.onOutdated(key, value)
      })
    }
    const isGone = Option.exists(Cause.findErrorOption(exit.cause), options.isGone)
    const fail = (entry: Entry.Entry<T>, now: number) => {
      const next = Entry.failed(entry, number, now, retry)
      return isGone ? Entry.invalidated(next, number) : next
    }
    return Effect.flatMap(changeIn(context, key, fail), ({ before, entry: { backOff }, now }) => {
      if (!isRefresh || Cause.hasInterruptsOnly(exit.cause)) return Effect.void
      onEvent("refreshFailed", context)
      if (backOff === undefined || backOff === before.backOff) return Effect.void
      const seconds = Math.round((backOff.until - now) / 1000)
      const outcome = `could not be refreshed; the present one stays in use, next try in ${seconds} s`
      return Effect.logWarning(`${options.name} ${outcome}`, exit.cause)
    })
  }

  // A closed scope starts no fiber, so an exchange that begins while the scope closes would never end by itself.
  const close = Effect.flatMap(
    Ref.getAndUpdate(state, (all) => ({ ...all, entries: Entries.make<T>(), isClosed: true })),
    ({ entries }) =>
      Effect.forEach(
        HashMap.values(entries.exchanging),
        ({ exchange }) => (exchange === undefined ? Effect.void : Deferred.interrupt(exchange.result)),
        { discard: true }
      )
  )
  yield* Scope.addFinalizer(scope, close)

  /** Waits for an exchange, and for another one if its token does not meet the requirement. */
  const join = (key: string, exchange: Entry.Exchange<T>, required: Entry.Requirement) =>
    required === Entry.anyToken
      ? exchange.token
      : Effect.flatMap(Deferred.await(exchange.result), (exchanged) =>
          Entry.isEnough(exchanged, required) ? Effect.succeed(exchanged.value) : get(key, required)
        )

  /** The held token if it lives long enough for the caller, else the result of `otherwise`. */
  const heldOr = (key: string, required: Entry.Requirement, otherwise: Effect.Effect<T, IcrError>) =>
    Effect.flatMap(look(key), ({ entry, now }) => {
      const held = Entry.living(entry, now)
      return held !== undefined && Entry.livesEnough(held, now, required) ? Effect.succeed(held.value) : otherwise
    })

  /** Waits for a limited time, as `patience` says. When waiting fails or takes longer, the held token will do. */
  const waitOrHeld = (key: string, required: Entry.Requirement, wait: Effect.Effect<T, IcrError>) =>
    Effect.flatMap(look(key), ({ entry: { held }, now }) => {
      const duration = Math.min(patience, ((held?.until ?? now) - now) / 2)
      return wait.pipe(
        Effect.timeoutOrElse({ duration, orElse: () => heldOr(key, required, wait) }),
        Effect.catch((error) => heldOr(key, required, Effect.fail(error)))
      )
    })

  const serve = ({ value }: Entry.Held<T>, context: Context.Context<never>) => {
    onEvent("served", context)
    return Effect.succeed(value)
  }

  /** Decides once more and begins an exchange, in one step that cannot be interrupted. Waiting for the exchange can be. */
  const begin = (key: string, required: Entry.Requirement, context: Context.Context<never>) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Deferred.make<Entry.Exchanged<T>, IcrError>(), (result) =>
        Effect.flatten(
          Ref.modify(state, (old): readonly [Effect.Effect<T, IcrError>, State<T>] => {
            const all = atPresent(old, context)
            const entry = Entries.get(all.entries, key)
            const decision = Entry.decide(entry, all.time.now, required)
            // Another caller was faster.
            if (decision._tag !== "Exchange" && decision._tag !== "ServeAndRefresh") {
              return [restore(get(key, required)), all]
            }
            if (all.isClosed) return [Effect.interrupt, all]
            const number = all.lastExchange + 1
            const token = Effect.map(Deferred.await(result), ({ value }) => value)
            const begun = Entry.begun(entry, { number, result, token })
            const { entries } = Entries.put(all.entries, key, begun, capacity, entry)
            const current = Entry.living(entry, all.time.now)?.value
            const minimumLife = required.after > 0 ? Infinity : required.minimumValidity
            // Callers rely on the end of an exchange, so only the exchange itself can be interrupted.
            const started = Effect.suspend(() => options.exchange(key, { current, minimumLife })).pipe(
              Effect.onExit((exit) => settle(key, number, current !== undefined, exit, context)),
              Effect.onExit((exit) => Deferred.done(result, exit)),
              Effect.forkIn(scope, { startImmediately: true, uninterruptible: false })
            )
            const next = { ...all, entries, lastExchange: number }
            if (decision._tag === "ServeAndRefresh") {
              return [Effect.flatMap(started, () => serve(decision.held, context)), next]
            }
            const wait = decision.fallback ? waitOrHeld(key, required, token) : token
            return [Effect.andThen(started, restore(wait)), next]
          })
        )
      )
    )

  /** Every call runs this, so it uses no generator: one doubles what a cached token costs. */
  const get = (key: string, required: Entry.Requirement): Effect.Effect<T, IcrError> =>
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.flatMap(
        Ref.modify(state, (old) => {
          const entry = Entries.get(old.entries, key)
          // Without a held token nothing can end, so the thousands who wait for a first token do not read the clock.
          const all = entry.held === undefined ? old : atPresent(old, context)
          return [Entry.decide(entry, all.time.now, required), all]
        }),
        (decision) => {
          switch (decision._tag) {
            case "Serve":
              return serve(decision.held, context)
            case "Join": {
              const { exchange, fallback } = decision
              onEvent("joined", context)
              const wait = join(key, exchange, required)
              return noteJoined(context, exchange.number, fallback ? waitOrHeld(key, required, wait) : wait)
            }
            case "Queue":
              return Effect.andThen(Effect.exit(Deferred.await(decision.exchange.result)), get(key, required))
            case "ServeAndRefresh":
            case "Exchange":
              return begin(key, required, context)
          }
        }
      )
    )

  return {
    get: (key, given) =>
      given === undefined
        ? get(key, Entry.anyToken)
        : Effect.flatMap(Ref.get(state), ({ lastExchange }) =>
            get(key, { minimumValidity: given.minimumValidity, after: given.fresh ? lastExchange : 0 })
          ),
    look,
    change
  }
})
