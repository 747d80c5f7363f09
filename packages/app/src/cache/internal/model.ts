/** What a cache of tokens is made of, and what it offers. */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { IcrError } from "../../errors/IcrError.ts"
import type * as Entry from "./entry.ts"

/** What a caller may ask for. */
export interface GetOptions {
  /** Milliseconds. */
  readonly minimumValidity: number
  /** Only a token of an exchange that begins after this call will do. */
  readonly fresh: boolean
}

/** What is counted: two things that happen to a caller, and four that happen to an entry. */
export type CacheEvent = "served" | "joined" | "exchanged" | "refreshed" | "refreshFailed" | "evicted"

/** What an exchange has to know of the entry it is for. */
export interface Situation<T> {
  /** The token in use, if it still lives. */
  readonly current: T | undefined
  /** Milliseconds that a token from a store has to live; `Infinity` when none will do. */
  readonly minimumLife: number
}

/** Times in milliseconds. */
export interface Options<T> {
  /** What is kept, for the warning that a refresh failed. */
  readonly name: string
  readonly exchange: (key: string, situation: Situation<T>) => Effect.Effect<Entry.Exchanged<T>, IcrError>
  /** Entries kept beside those with an exchange under way. */
  readonly capacity: number
  readonly windows: Entry.Windows
  readonly retry: Entry.RetryInterval
  /** Whether a failure says that the token in use is invalid as well. */
  readonly isGone: (error: IcrError) => boolean
  /** Called when the entry was invalidated while the exchange that brought this value was under way. */
  readonly onOutdated: (key: string, value: T) => Effect.Effect<void>
  /** Synchronous, since it is called for every caller: as an effect it took 100 ns of the 500 of a cached read. */
  readonly onEvent: (event: CacheEvent, context: Context.Context<never>) => void
}

/** A transition of `entry.ts`; `lastExchange` is the number of the last exchange begun. */
export type Transition<T> = (entry: Entry.Entry<T>, now: number, lastExchange: number) => Entry.Entry<T>

/** An entry at one moment. */
export interface Seen<T> {
  readonly entry: Entry.Entry<T>
  readonly now: number
}

/** An entry after a change, and what it was before. */
export interface Changed<T> extends Seen<T> {
  readonly before: Entry.Entry<T>
}

/** The tokens of one layer. */
export interface RefreshCache<T> {
  readonly get: (key: string, options?: GetOptions) => Effect.Effect<T, IcrError>
  /** The entry of a key as it is now; begins no exchange. */
  readonly look: (key: string) => Effect.Effect<Seen<T>>
  /** Makes a transition in one step. */
  readonly change: (key: string, transition: Transition<T>) => Effect.Effect<Changed<T>>
}
