/**
 * One key of the token cache as a pure state machine: what is held, what is under way, and what to do when a caller
 * asks. Everything here is a total function of its arguments; `slots.ts` does what is decided.
 *
 * Times are milliseconds of `steadyTime`. Flights (exchanges under way) are numbered; a number says what happened before
 * what: "a token minted after this call" is a token of a flight with a higher number than the last one begun by then.
 */

/** A token as held. */
export interface Held<T> {
  readonly value: T
  /** The flight that brought it. */
  readonly flight: number
  /** It comes from a store, so it is older than its flight. */
  readonly stored: boolean
  readonly since: number
  /** From here on a refresh runs behind the callers. */
  readonly softAt: number
  /** From here on callers wait for the refresh. */
  readonly hardAt: number
  /** From here on it is dead. */
  readonly until: number
}

/** What we hold for one key. */
export interface Slot<T> {
  readonly held: Held<T> | undefined
  /** The flight under way; at most one. */
  readonly flight: number | undefined
  /** Refreshes rest until then, after so many failures in a row. Only matters while a token is held. */
  readonly pause: { readonly until: number; readonly failures: number } | undefined
  /** Nothing that a flight up to this number brings may be kept: the slot was emptied meanwhile. */
  readonly floor: number
  /** A token refused or revoked; a store may still hold it. */
  readonly refused: T | undefined
  /** Until then a 403 without a reason drops no token: a new one did not help either. */
  readonly sparedUntil: number
}

/** The slot of a key never asked for. */
export const empty: Slot<never> = {
  held: undefined,
  flight: undefined,
  pause: undefined,
  floor: 0,
  refused: undefined,
  sparedUntil: 0
}

/** What a caller wants. */
export interface Ask {
  /** The token must live at least this long. */
  readonly minimumValidity: number
  /** The token must come from a flight after this one; 0 for any. */
  readonly after: number
}

/** Any token that lives. */
export const anyToken: Ask = { minimumValidity: 0, after: 0 }

/** What a flight brought, with the milliseconds it still lives. */
export interface Minted<T> {
  readonly value: T
  readonly life: number
  /** It comes from a store instead of the registry. */
  readonly stored: boolean
}

/**
 * Whether what a flight brought will do for a caller who joined it. A token just minted is the best there is; one from a
 * store may be older than the caller wants.
 */
export const isEnough = <T>({ life, stored }: Minted<T>, ask: Ask): boolean =>
  !stored || (ask.after === 0 && life >= ask.minimumValidity)

/** What to do for a caller. */
export type Decision<T> =
  /** Hand it out. */
  | { readonly _tag: "Serve"; readonly held: Held<T> }
  /** Hand it out and begin a flight behind the caller's back. */
  | { readonly _tag: "ServeAndRefresh"; readonly held: Held<T> }
  /** Wait for the flight under way. If it fails, a token that still lives will do when `fallback` says so. */
  | { readonly _tag: "Join"; readonly flight: number; readonly fallback: boolean }
  /** The flight under way began too early: wait until it has ended, then decide again. */
  | { readonly _tag: "Queue"; readonly flight: number }
  /** Begin a flight and wait for it, as with `Join`. */
  | { readonly _tag: "Mint"; readonly fallback: boolean }

const waitFor = <T>(slot: Slot<T>, floor: number, fallback: boolean): Decision<T> => {
  if (slot.flight === undefined) return { _tag: "Mint", fallback }
  return slot.flight > floor ? { _tag: "Join", flight: slot.flight, fallback } : { _tag: "Queue", flight: slot.flight }
}

/** The table of decisions. */
export const decide = <T>(slot: Slot<T>, now: number, ask: Ask): Decision<T> => {
  const { held } = slot
  const floor = Math.max(slot.floor, ask.after)
  if (held === undefined || now >= held.until || isOlder(held, ask)) return waitFor(slot, floor, false)
  if (!livesEnough(held, now, ask)) return waitFor(slot, floor, false)
  if (now < held.softAt || isResting(slot, now)) return { _tag: "Serve", held }
  if (now >= held.hardAt) return waitFor(slot, floor, true)
  return slot.flight === undefined ? { _tag: "ServeAndRefresh", held } : { _tag: "Serve", held }
}

/**
 * Whether a held token lives as long as the caller wants. No token lives longer than itself, so of one minted here nine tenths
 * of its life are the most that can be wanted; what a stored one lived before is not known.
 */
export const livesEnough = <T>({ since, stored, until }: Held<T>, now: number, { minimumValidity }: Ask): boolean =>
  until - now >= (stored ? minimumValidity : Math.min(minimumValidity, 0.9 * (until - since)))

const isOlder = <T>(held: Held<T>, { after }: Ask) => after > 0 && (held.stored || held.flight <= after)

/** Until then, whatever else there is, `decide` serves what is held to whoever wants any token. */
export const freshUntil = <T>({ held }: Slot<T>): number => held?.softAt ?? -Infinity

/** Whether refreshes rest after a failure. */
export const isResting = <T>({ pause }: Slot<T>, now: number): boolean => pause !== undefined && now < pause.until

/** The held token, if it lives. */
export const living = <T>(slot: Slot<T>, now: number): Held<T> | undefined =>
  slot.held !== undefined && now < slot.held.until ? slot.held : undefined

/** A flight begins. */
export const began = <T>(slot: Slot<T>, flight: number): Slot<T> => ({ ...slot, flight })

/** A flight brought a token. One that began before the slot was emptied, or before a newer one ended, brings nothing. */
export const landed = <T>(slot: Slot<T>, held: Held<T>): Slot<T> => {
  const flight = slot.flight === held.flight ? undefined : slot.flight
  const outdated = held.flight <= slot.floor || (slot.held !== undefined && slot.held.flight > held.flight)
  return outdated ? { ...slot, flight } : { ...slot, flight, held, pause: undefined, refused: undefined }
}

/** How long refreshes rest after a failure. */
export interface Pause {
  readonly first: number
  readonly longest: number
}

/**
 * A flight failed: what is held stays, and refreshes rest for a while that doubles with each failure. One that somebody
 * asked for within a pause leaves the pause as it is.
 */
export const failed = <T>(slot: Slot<T>, flight: number, now: number, pause: Pause): Slot<T> => {
  const ended = { ...slot, flight: slot.flight === flight ? undefined : slot.flight }
  if (living(slot, now) === undefined) return { ...ended, pause: undefined }
  if (isResting(slot, now)) return ended
  const failures = (slot.pause?.failures ?? 0) + 1
  const rest = Math.min(pause.longest, pause.first * 2 ** Math.min(failures - 1, 30))
  return { ...ended, pause: { until: now + rest, failures } }
}

/** The registry refused this token: drop it if it is the one held, whoever reports it and however often. */
export const refused = <T>(slot: Slot<T>, isRefused: (value: T) => boolean): Slot<T> =>
  slot.held !== undefined && isRefused(slot.held.value)
    ? { ...slot, held: undefined, pause: undefined, refused: slot.held.value }
    : slot

// Permissions are granted by people: asking for a new token more often than this finds nothing new.
const sparing = 5 * 60_000

/** A 403 without a reason came for a new token as well, so it is about the permission. */
export const spared = <T>(slot: Slot<T>, now: number): Slot<T> => ({ ...slot, sparedUntil: now + sparing })

/** Empties the slot. What a flight up to this one brings is not kept. */
export const emptied = <T>(slot: Slot<T>, lastFlight: number): Slot<T> => ({
  ...slot,
  held: undefined,
  pause: undefined,
  floor: lastFlight
})

/**
 * Another process says that a token is dead. One held that is not meant stays; otherwise the slot is emptied, since a flight
 * under way may be bringing that very token from a store.
 */
export const outdated = <T>(slot: Slot<T>, lastFlight: number, isMeant: (value: T) => boolean): Slot<T> =>
  slot.held !== undefined && !isMeant(slot.held.value) ? slot : emptied(slot, lastFlight)

/** Nothing worth remembering: the key can be forgotten. */
export const isEmpty = <T>(slot: Slot<T>): boolean =>
  slot.held === undefined && slot.flight === undefined && slot.refused === undefined

/** How much of a token's life counts as soft and hard window. */
export interface Windows {
  readonly soft: number
  readonly hard: number
}

/** The soft window is never more than half of a life, else a short token would be refreshed at every read. */
export const capped = ({ hard, soft }: Windows, life: number): Windows => ({
  soft: Math.min(soft, life / 2),
  hard: Math.min(hard, life / 4)
})

/**
 * The windows of a token that lives `life` ms from `now`; the soft one begins, by `draw` from 0 to 1, up to a fifth later, so
 * that tokens minted together are not refreshed together. A hard window longer than the soft one counts.
 */
export const hold = <T>(
  { life, stored, value }: Minted<T>,
  flight: number,
  now: number,
  windows: Windows,
  draw: number
): Held<T> => {
  const until = now + life
  const { hard, soft } = capped(windows, life)
  const hardAt = until - hard
  const softAt = Math.min(hardAt, until - soft * (1 - 0.2 * draw))
  return { value, flight, stored, since: now, softAt, hardAt, until }
}
