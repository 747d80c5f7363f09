/** Invalidations made during an outage, written to Redis when it is available again. */
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { type Command, isOnlyThis, type Unavailable, type Use } from "./availability.ts"

/** The invalidations of one store that Redis has not heard of. */
export interface PendingInvalidations {
  /** Tokens under `key` that end no later than `upTo` are invalid; `Infinity` for every token. */
  readonly add: (key: string, upTo: number) => Effect.Effect<void>
  /** Writes all of them, one after the other. Those that were not written when it fails stay pending. */
  readonly replay: (use: Use) => Effect.Effect<void, Unavailable>
}

type Pending = HashMap.HashMap<string, number>

const capacity = 10_000

/** Drops the invalidation whose tokens end first: it matters for the shortest time. */
const makeRoom = (pending: Pending): Pending => {
  if (HashMap.size(pending) < capacity) return pending
  const first = HashMap.reduce(pending, { key: "", upTo: Infinity }, (first, upTo, key) =>
    upTo <= first.upTo ? { key, upTo } : first
  )
  return HashMap.remove(pending, first.key)
}

const add = (pending: Pending, key: string, upTo: number): Pending =>
  Option.match(HashMap.get(pending, key), {
    onNone: () => HashMap.set(makeRoom(pending), key, upTo),
    onSome: (before) => HashMap.set(pending, key, Math.max(before, upTo))
  })

/** An invalidation that was extended while it was being written stays pending. */
const removeWritten = (pending: Pending, key: string, upTo: number): Pending =>
  Option.contains(HashMap.get(pending, key), upTo) ? HashMap.remove(pending, key) : pending

/** `write` is the command that writes one of them. */
export const make = Effect.fnUntraced(function* (
  write: (key: string, upTo: number) => Command<unknown>
): Effect.fn.Return<PendingInvalidations> {
  const pending = yield* Ref.make<Pending>(HashMap.empty())

  const replay = (use: Use): Effect.Effect<void, Unavailable> =>
    Effect.flatMap(Ref.get(pending), (now) =>
      Effect.forEach(
        now,
        ([key, upTo]) =>
          use(write(key, upTo)).pipe(
            Effect.catchIf(isOnlyThis, () => Effect.void),
            Effect.andThen(Ref.update(pending, (pending) => removeWritten(pending, key, upTo)))
          ),
        { discard: true }
      )
    ).pipe(Effect.repeat({ until: () => Effect.map(Ref.get(pending), HashMap.isEmpty) }))

  return {
    add: (key, upTo) => Ref.update(pending, (pending) => add(pending, key, upTo)),
    replay
  }
})
