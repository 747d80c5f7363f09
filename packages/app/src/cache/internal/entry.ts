/**
 * One key of the cache as a pure state machine: what is held, which exchange is under way, and what to do when a caller
 * asks. Everything here is a total function of its arguments; `RefreshCache.ts` carries out what is decided.
 *
 * Times are milliseconds of `clock/internal/elapsedTime`. Exchanges are numbered in the order in which they begin: a token
 * obtained after a call is one of an exchange with a higher number than the last one begun by then.
 */
import type * as Deferred from "effect/Deferred"
import type * as Effect from "effect/Effect"
import type { IcrError } from "../../errors/IcrError.ts"
import { addRest, mostPaths, type Rest, restAt } from "./rests.ts"

/** What an exchange brings. */
export interface Exchanged<T> {
  readonly value: T
  /** Milliseconds it still lives. */
  readonly life: number
  /** Whether it comes from a store instead of the registry. */
  readonly stored: boolean
  /** Whether it was made long before it was asked for, as in an answer from an HTTP cache. Default false. */
  readonly isOld?: boolean
}

/** An exchange under way. */
export interface Exchange<T> {
  readonly number: number
  readonly result: Deferred.Deferred<Exchanged<T>, IcrError>
  /** What callers wait for if any token will do: one effect for all of them, however many thousands they are. */
  readonly token: Effect.Effect<T, IcrError>
}

/** A token as held. */
export interface Held<T> {
  readonly value: T
  /** The number of the exchange that brought it. */
  readonly exchange: number
  /** Whether it comes from a store, so that it is older than its exchange. */
  readonly stored: boolean
  /** Whether it counts as old although it was just obtained. */
  readonly isOld: boolean
  readonly since: number
  /** Beginning of the refresh window: a refresh runs in the background. */
  readonly refreshAt: number
  /** Beginning of the forced refresh window: callers wait for the refresh. */
  readonly forcedRefreshAt: number
  /** The end of its life. */
  readonly until: number
  /** Paths at which it was accepted while it was new. */
  readonly accepted: ReadonlyArray<string>
}

/** Refreshes wait `until` a moment, after so many `failures` in a row. */
export interface BackOff {
  readonly until: number
  readonly failures: number
}

/** What is known of one key. */
export interface Entry<T> {
  readonly held: Held<T> | undefined
  /** At most one is under way. */
  readonly exchange: Exchange<T> | undefined
  /** Only matters while a token is held. */
  readonly backOff: BackOff | undefined
  /** What an exchange up to this number brings is not kept, since the entry was invalidated meanwhile. */
  readonly invalidatedUpTo: number
  /** The newest first. */
  readonly rests: ReadonlyArray<Rest>
}

/** The entry of a key that nobody has asked for. */
export const empty: Entry<never> & { readonly exchange: undefined } = {
  held: undefined,
  exchange: undefined,
  backOff: undefined,
  invalidatedUpTo: 0,
  rests: []
}

/** What a caller needs. */
export interface Requirement {
  /** The token must live at least this long. */
  readonly minimumValidity: number
  /** The token must come from an exchange after this one; 0 for any. */
  readonly after: number
}

/** Any token that lives. */
export const anyToken: Requirement = { minimumValidity: 0, after: 0 }

/** What to do for a caller. */
export type Decision<T> =
  /** Hand out what is held. */
  | { readonly _tag: "Serve"; readonly held: Held<T> }
  /** Hand out what is held and begin an exchange in the background. */
  | { readonly _tag: "ServeAndRefresh"; readonly held: Held<T> }
  /** Wait for the exchange under way. If it fails, a token that still lives will do when `fallback` says so. */
  | { readonly _tag: "Join"; readonly exchange: Exchange<T>; readonly fallback: boolean }
  /** The exchange under way began too early: wait until it has ended, then decide again. */
  | { readonly _tag: "Queue"; readonly exchange: Exchange<T> }
  /** Begin an exchange and wait for it, as with `Join`. */
  | { readonly _tag: "Exchange"; readonly fallback: boolean }

const waitFor = <T>({ exchange }: Entry<T>, after: number, fallback: boolean): Decision<T> => {
  if (exchange === undefined) return { _tag: "Exchange", fallback }
  return exchange.number > after ? { _tag: "Join", exchange, fallback } : { _tag: "Queue", exchange }
}

/** The table of decisions. */
export const decide = <T>(entry: Entry<T>, now: number, required: Requirement): Decision<T> => {
  const { exchange, held } = entry
  const after = Math.max(entry.invalidatedUpTo, required.after)
  if (held === undefined || now >= held.until || isOlder(held, required) || !livesEnough(held, now, required)) {
    return waitFor(entry, after, false)
  }
  if (now < held.refreshAt || isBackingOff(entry, now)) return { _tag: "Serve", held }
  if (now >= held.forcedRefreshAt) return waitFor(entry, after, true)
  return exchange === undefined ? { _tag: "ServeAndRefresh", held } : { _tag: "Serve", held }
}

/** How a caller gets a token: one is held, an exchange under way brings it, or an exchange has to begin. */
export type Status = "hit" | "joined" | "miss"

/** How a caller gets a token if any will do. */
export const statusOf = <T>(entry: Entry<T>, now: number): Status => {
  const decision = decide(entry, now, anyToken)
  if ("held" in decision) return "hit"
  return "exchange" in decision ? "joined" : "miss"
}

/**
 * Whether a held token lives as long as the caller wants. For a token obtained here, the caller cannot want more than nine
 * tenths of its whole life, since a new one would not live longer either. How long a stored one lived before is not known.
 */
export const livesEnough = <T>(
  { since, stored, until }: Held<T>,
  now: number,
  { minimumValidity }: Requirement
): boolean => until - now >= (stored ? minimumValidity : Math.min(minimumValidity, 0.9 * (until - since)))

/**
 * Whether the result of an exchange will do for a caller who joined it. A token just obtained is the best there is; one from
 * a store may be older than the caller wants.
 */
export const isEnough = <T>({ life, stored }: Exchanged<T>, required: Requirement): boolean =>
  !stored || (required.after === 0 && life >= required.minimumValidity)

const isOlder = <T>(held: Held<T>, { after }: Requirement) => after > 0 && (held.stored || held.exchange <= after)

/** Whether refreshes wait after a failure. */
export const isBackingOff = <T>({ backOff }: Entry<T>, now: number): boolean =>
  backOff !== undefined && now < backOff.until

/** The held token, if it still lives. */
export const living = <T>({ held }: Entry<T>, now: number): Held<T> | undefined =>
  held !== undefined && now < held.until ? held : undefined

/** The age of a held token; one from a store counts as old. */
export const ageOf = <T>({ isOld, since }: Held<T>, now: number): number => (isOld ? Infinity : now - since)

/** An exchange begins. */
export const begun = <T>(entry: Entry<T>, exchange: Exchange<T>): Entry<T> => ({ ...entry, exchange })

const ended = <T>(entry: Entry<T>, number: number): Entry<T> =>
  entry.exchange?.number === number ? { ...entry, exchange: undefined } : entry

/**
 * An exchange brought a token. It is not kept when the entry was invalidated since the exchange began, or when the result of a
 * newer exchange is held.
 */
export const exchanged = <T>(entry: Entry<T>, held: Held<T>): Entry<T> => {
  const after = ended(entry, held.exchange)
  const isOutdated = held.exchange <= entry.invalidatedUpTo || (entry.held?.exchange ?? 0) > held.exchange
  return isOutdated ? after : { ...after, held, backOff: undefined }
}

/** How long refreshes wait after a failure. */
export interface RetryInterval {
  readonly first: number
  readonly longest: number
}

/**
 * An exchange failed: what is held stays, and refreshes wait for an interval that doubles with each failure. The failure of an
 * exchange that a caller forced during such an interval leaves the interval as it is.
 */
export const failed = <T>(entry: Entry<T>, number: number, now: number, retry: RetryInterval): Entry<T> => {
  const after = ended(entry, number)
  if (living(entry, now) === undefined) return { ...after, backOff: undefined }
  if (isBackingOff(entry, now)) return after
  const failures = (entry.backOff?.failures ?? 0) + 1
  const interval = Math.min(retry.longest, retry.first * 2 ** Math.min(failures - 1, 30))
  return { ...after, backOff: { until: now + interval, failures } }
}

/** Drops the held token if it is the one that is meant, whoever reports it and however often. */
export const dropped = <T>(entry: Entry<T>, isMeant: (value: T) => boolean): Entry<T> =>
  entry.held !== undefined && isMeant(entry.held.value) ? { ...entry, held: undefined, backOff: undefined } : entry

/** Whether a refusal at a path says nothing about the token. */
export const isResting = <T>({ rests }: Entry<T>, path: string, kind: string, now: number): boolean =>
  now < (restAt(rests, path, kind)?.until ?? -Infinity)

/** A new token was refused at a path as well, or waiting until the registry knows a new one did not help there. */
export const rested = <T>(entry: Entry<T>, path: string, kind: string, now: number): Entry<T> => ({
  ...entry,
  rests: addRest(entry.rests, path, kind, now)
})

/**
 * The held token was accepted at a path, which matters in two cases: while it is new, it is known there; and the refusals of
 * this `kind` at the path had nothing to do with the path.
 */
export const accepted = <T>(entry: Entry<T>, path: string, kind: string, isNew: boolean): Entry<T> => {
  const { held } = entry
  const found = restAt(entry.rests, path, kind)
  const isNews = isNew && held !== undefined && !held.accepted.includes(path) && held.accepted.length < mostPaths
  if (found === undefined && !isNews) return entry
  const known = isNews ? { ...held, accepted: [...held.accepted, path] } : held
  return { ...entry, held: known, rests: entry.rests.filter((one) => one !== found) }
}

/** Empties the entry. What an exchange up to this one brings is not kept. */
export const invalidated = <T>(entry: Entry<T>, lastExchange: number): Entry<T> => ({
  ...entry,
  held: undefined,
  backOff: undefined,
  invalidatedUpTo: lastExchange
})

/**
 * Another process says that a token is invalid. A held token that is not meant stays; otherwise the entry is emptied, since an
 * exchange under way may be bringing that very token from a store.
 */
export const invalidatedIf = <T>(entry: Entry<T>, lastExchange: number, isMeant: (value: T) => boolean): Entry<T> =>
  entry.held !== undefined && !isMeant(entry.held.value) ? entry : invalidated(entry, lastExchange)

/** Whether there is nothing worth keeping. */
export const isEmpty = <T>({ exchange, held, rests }: Entry<T>): boolean =>
  held === undefined && exchange === undefined && rests.length === 0

/** The last parts of a token's life. */
export interface Windows {
  /** In which it is refreshed in the background. */
  readonly refresh: number
  /** In which callers wait for the refresh. */
  readonly forced: number
}

/** The refresh window is never more than half of a life, else a short token would be refreshed at every read. */
export const capped = ({ forced, refresh }: Windows, life: number): Windows => ({
  refresh: Math.min(refresh, life / 2),
  forced: Math.min(forced, life / 4)
})

/**
 * Holds a token from `now` on. Its refresh window begins, by a draw from 0 to 1, up to a fifth later, so that tokens obtained
 * together are not refreshed together. A forced refresh window that is longer than the refresh window takes precedence.
 */
export const hold = <T>(
  { isOld = false, life, stored, value }: Exchanged<T>,
  exchange: number,
  now: number,
  windows: Windows,
  jitter: number
): Held<T> => {
  const until = now + life
  const { forced, refresh } = capped(windows, life)
  const forcedRefreshAt = until - forced
  const refreshAt = Math.min(forcedRefreshAt, until - refresh * (1 - 0.2 * jitter))
  const times = { since: now, refreshAt, forcedRefreshAt, until }
  return { value, exchange, stored, isOld: stored || isOld, ...times, accepted: [] }
}
