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

/** What happens to a caller. */
export type CallerEvent = "served" | "joined"

/** What happens to an entry. */
export type EntryEvent = "exchanged" | "refreshed" | "refreshFailed" | "evicted"

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
  /** The entry was invalidated while the exchange that brought this was under way. */
  readonly onOutdated: (key: string, value: T) => Effect.Effect<void>
  readonly onEvent: (event: EntryEvent, count: number) => Effect.Effect<void>
  /** Synchronous, since it is called for every caller: as an effect it took 100 ns of the 500 of a cached read. */
  readonly onCaller: (event: CallerEvent, context: Context.Context<never>) => void
}

/** A held token. */
export interface Peek<T> {
  readonly value: T
  /** Milliseconds since it was obtained; one from a store counts as old. */
  readonly age: number
  /** The paths at which it was accepted while it was new. */
  readonly accepted: ReadonlyArray<string>
  /** Whether a refusal at a path says nothing about it. */
  readonly isResting: (path: string, kind: string) => boolean
}

/** The tokens of one layer. */
export interface RefreshCache<T> {
  readonly get: (key: string, options?: GetOptions) => Effect.Effect<T, IcrError>
  /** How `get` would come by a token if it were called now. */
  readonly status: (key: string) => Effect.Effect<Entry.Status>
  /** What is held now; begins no exchange. */
  readonly peek: (key: string) => Effect.Effect<Peek<T> | undefined>
  /** For a while refusals of a kind at a path say nothing about the token. */
  readonly rest: (key: string, path: string, kind: string) => Effect.Effect<void>
  /** The token was accepted at a path, which ends the rest of a kind there; `newFor` says how long a token is new. */
  readonly accepted: (key: string, path: string, kind: string, newFor: number) => Effect.Effect<void>
  /** Drops the held token if it is the one that is meant. */
  readonly drop: (key: string, isMeant: (value: T) => boolean) => Effect.Effect<void>
  /** Empties the entry and returns what it held. An exchange under way does not fill it again. */
  readonly invalidate: (key: string) => Effect.Effect<T | undefined>
  /** As `invalidate`, unless a token is held that is not meant. */
  readonly invalidateIf: (key: string, isMeant: (value: T) => boolean) => Effect.Effect<void>
}
