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
import type { Options, RefreshCache } from "./model.ts"

// A slow registry must not use up what a living token has left: half of that leaves its caller the other half.
const patience = 5000

export type { CallerEvent, EntryEvent, GetOptions, Options, Peek, RefreshCache, Situation } from "./model.ts"

interface State<T> {
  readonly entries: Entries.Entries<T>
  /** The number of the last exchange begun. Starts at 1, since "after exchange 0" means "any token will do". */
  readonly lastExchange: number
  readonly time: ElapsedTime.ElapsedTime
  /** Set when the scope closes: no exchange begins any more. */
  readonly isClosed: boolean
}

const atPresent = <T>(all: State<T>, clock: Clock.Clock): State<T> => {
  const time = ElapsedTime.read(all.time, clock)
  return time === all.time ? all : { ...all, time }
}

/** Tells the trace of a caller why it waits: the exchange itself is in that of the caller who began it. */
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
  const { capacity, onCaller, onEvent } = options
  const scope = yield* Effect.scope
  const state = yield* Ref.make<State<T>>({
    entries: Entries.make(),
    lastExchange: 1,
    time: ElapsedTime.start,
    isClosed: false
  })

  const transition = <A>(f: (all: State<T>, now: number) => readonly [A, State<T>]) =>
    Clock.clockWith((clock) =>
      Ref.modify(state, (before) => {
        const all = atPresent(before, clock)
        return f(all, all.time.now)
      })
    )

  const look = <A>(key: string, f: (entry: Entry.Entry<T>, now: number) => A) =>
    transition((all, now) => [f(Entries.get(all.entries, key), now), all])

  /** The age of a held token. */
  const ageOf = ({ isOld, since }: Entry.Held<T>, now: number) => (isOld ? Infinity : now - since)

  const change = (key: string, f: (entry: Entry.Entry<T>, now: number, lastExchange: number) => Entry.Entry<T>) =>
    transition((all, now) => {
      const before = Entries.get(all.entries, key)
      const after = f(before, now, all.lastExchange)
      const { entries, evicted } = Entries.put(all.entries, key, after, capacity)
      const changed = { before, after, now, evicted }
      return [changed, { ...all, entries }]
    }).pipe(Effect.tap(({ evicted }) => (evicted > 0 ? onEvent("evicted", evicted) : Effect.void)))

  /** What the end of an exchange changes. */
  const settle = Effect.fnUntraced(function* (
    key: string,
    number: number,
    isRefresh: boolean,
    exit: Exit.Exit<Entry.Exchanged<T>, IcrError>
  ) {
    if (Exit.isSuccess(exit)) {
      const jitter = yield* Random.next
      const { stored, value } = exit.value
      const { after } = yield* change(key, (entry, now) =>
        Entry.exchanged(entry, Entry.hold(exit.value, number, now, options.windows, jitter))
      )
      if (stored) return
      yield* onEvent(isRefresh ? "refreshed" : "exchanged", 1)
      return after.held?.value === value ? undefined : yield* options.onOutdated(key, value)
    }
    const isGone = Option.exists(Cause.findErrorOption(exit.cause), options.isGone)
    const { after, before, now } = yield* change(key, (entry, now) => {
      const next = Entry.failed(entry, number, now, options.retry)
      return isGone ? Entry.invalidated(next, number) : next
    })
    if (!isRefresh || Cause.hasInterruptsOnly(exit.cause)) return
    yield* onEvent("refreshFailed", 1)
    if (after.backOff === undefined || after.backOff === before.backOff) return
    const seconds = Math.round((after.backOff.until - now) / 1000)
    const outcome = `could not be refreshed; the present one stays in use, next try in ${seconds} s`
    yield* Effect.logWarning(`${options.name} ${outcome}`, exit.cause)
  })

  /** Runs an exchange in the background. Callers rely on its end, so nothing may interrupt this effect itself. */
  const start = (key: string, exchange: Entry.Exchange<T>, current: T | undefined, required: Entry.Requirement) => {
    const minimumLife = required.after > 0 ? Infinity : required.minimumValidity
    return Effect.suspend(() => options.exchange(key, { current, minimumLife })).pipe(
      Effect.onExit((exit) => settle(key, exchange.number, current !== undefined, exit)),
      Effect.onExit((exit) => Deferred.done(exchange.result, exit)),
      Effect.forkIn(scope, { startImmediately: true, uninterruptible: false })
    )
  }

  // A closed scope starts no fiber, so an exchange that begins while the scope closes would never end by itself.
  const close = Effect.gen(function* () {
    const { entries } = yield* Ref.getAndUpdate(state, (all) => ({
      ...all,
      entries: Entries.make<T>(),
      isClosed: true
    }))
    for (const { exchange } of HashMap.values(entries.exchanging)) {
      if (exchange !== undefined) yield* Deferred.interrupt(exchange.result)
    }
  })
  yield* Scope.addFinalizer(scope, close)

  /** Waits for an exchange, and for another one should its result be less than is required. */
  const join = (key: string, exchange: Entry.Exchange<T>, required: Entry.Requirement) =>
    required === Entry.anyToken
      ? exchange.token
      : Effect.flatMap(Deferred.await(exchange.result), (exchanged) =>
          Entry.isEnough(exchanged, required) ? Effect.succeed(exchanged.value) : get(key, required)
        )

  /** The held token if it lives long enough for the caller, else the result of `otherwise`. */
  const heldOr = (key: string, required: Entry.Requirement, otherwise: Effect.Effect<T, IcrError>) =>
    Effect.flatten(
      look(key, (entry, now) => {
        const held = Entry.living(entry, now)
        return held !== undefined && Entry.livesEnough(held, now, required) ? Effect.succeed(held.value) : otherwise
      })
    )

  /** Waits as long as that endangers nobody; the held token will do should waiting fail or take longer. */
  const waitOrHeld = (key: string, required: Entry.Requirement, wait: Effect.Effect<T, IcrError>) =>
    Effect.flatMap(
      look(key, ({ held }, now) => (held?.until ?? now) - now),
      (left) =>
        wait.pipe(
          Effect.timeoutOrElse({ duration: Math.min(patience, left / 2), orElse: () => heldOr(key, required, wait) }),
          Effect.catch((error) => heldOr(key, required, Effect.fail(error)))
        )
    )

  /** Decides once more and begins an exchange in the same step, which nothing can interrupt; waiting for it can be. */
  const begin = (key: string, required: Entry.Requirement, context: Context.Context<never>) =>
    Effect.flatMap(Deferred.make<Entry.Exchanged<T>, IcrError>(), (result) =>
      Effect.flatten(
        transition((all, now): readonly [Effect.Effect<Effect.Effect<T, IcrError>>, State<T>] => {
          const entry = Entries.get(all.entries, key)
          const decision = Entry.decide(entry, now, required)
          // Another caller was faster.
          if (decision._tag !== "Exchange" && decision._tag !== "ServeAndRefresh")
            return [Effect.succeed(get(key, required)), all]
          if (all.isClosed) return [Effect.succeed(Effect.interrupt), all]
          const token = Effect.map(Deferred.await(result), ({ value }) => value)
          const exchange = { number: all.lastExchange + 1, result, token }
          const { entries } = Entries.put(all.entries, key, Entry.begun(entry, exchange), capacity)
          const started = start(key, exchange, Entry.living(entry, now)?.value, required)
          const next = { ...all, entries, lastExchange: exchange.number }
          if (decision._tag === "ServeAndRefresh") {
            const served = Effect.suspend(() => serve(decision.held, context))
            return [Effect.as(started, served), next]
          }
          return [Effect.as(started, decision.fallback ? waitOrHeld(key, required, token) : token), next]
        })
      )
    ).pipe(Effect.uninterruptible, Effect.flatten)

  const serve = ({ value }: Entry.Held<T>, context: Context.Context<never>) => {
    onCaller("served", context)
    return Effect.succeed(value)
  }

  /** Read by every call, so without a generator: one doubles what a cached token costs. */
  const get = (key: string, required: Entry.Requirement): Effect.Effect<T, IcrError> =>
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.flatMap(
        Ref.modify(state, (before) => {
          const entry = Entries.get(before.entries, key)
          // Where nothing is held nothing ends: thousands who wait for a first token need not look at the clock.
          const all = entry.held === undefined ? before : atPresent(before, Context.get(context, Clock.Clock))
          return [Entry.decide(entry, all.time.now, required), all]
        }),
        (decision) => {
          switch (decision._tag) {
            case "Serve":
              return serve(decision.held, context)
            case "Join": {
              onCaller("joined", context)
              const wait = join(key, decision.exchange, required)
              const { fallback, exchange } = decision
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
    status: (key) => look(key, (entry, now) => Entry.statusOf(Entry.decide(entry, now, Entry.anyToken))),
    peek: (key) =>
      look(key, (entry, now) => {
        const held = Entry.living(entry, now)
        if (held === undefined) return undefined
        const isResting = (path: string, kind: string) => Entry.isResting(entry, path, kind, now)
        return { value: held.value, age: ageOf(held, now), accepted: held.accepted, isResting }
      }),
    rest: (key, path, kind) => change(key, (entry, now) => Entry.rested(entry, path, kind, now)),
    accepted: (key, path, kind, newFor) => {
      const next = (entry: Entry.Entry<T>, now: number) =>
        Entry.accepted(entry, path, kind, entry.held !== undefined && ageOf(entry.held, now) < newFor)
      // Called after every success, and nearly never a change.
      return Effect.flatten(
        look(key, (entry, now) => (next(entry, now) === entry ? Effect.void : Effect.asVoid(change(key, next))))
      )
    },
    drop: (key, isMeant) => change(key, (entry) => Entry.dropped(entry, isMeant)),
    invalidate: (key) =>
      Effect.map(
        change(key, (entry, _, lastExchange) => Entry.invalidated(entry, lastExchange)),
        ({ before, now }) => Entry.living(before, now)?.value
      ),
    invalidateIf: (key, isMeant) =>
      change(key, (entry, _, lastExchange) => Entry.invalidatedIf(entry, lastExchange, isMeant))
  }
})
