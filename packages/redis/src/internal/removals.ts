/** What was removed lately, as a Redis stream that every process reads once a second. */
import type { Removal } from "@effect-icr/app/TokenStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type * as Redis from "effect/persistence/Redis"
import { isOfOneKey, type Link } from "./link.ts"

/** JSON in the one field `removal`. */
const Entry = Schema.fromJsonString(
  Schema.Struct({
    key: Schema.String,
    /** Null when every token was meant. */
    upTo: Schema.NullOr(Schema.Finite),
    /** Which store it was, since that one knows already. */
    by: Schema.String
  })
)
const decode = Schema.decodeUnknownOption(Entry)

/** An entry as text. */
export const encode = (entry: typeof Entry.Type): string => Schema.encodeSync(Entry)(entry)

const decodeReply = Schema.decodeUnknownOption(Schema.Array(Schema.Tuple([Schema.String, Schema.Array(Schema.String)])))

const pause = "1 second"
const batch = 1000

/** The removals by other stores from now on. Reading goes on after an outage where it stopped. */
export const make = (link: Link, log: string, me: string): Stream.Stream<Removal> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const entriesOf = (command: string, ...args: ReadonlyArray<string>) =>
        link
          .use((redis) => redis.send(command, log, ...args))
          .pipe(Effect.map((reply) => Option.getOrElse(decodeReply(reply), () => [])))
      // Where nobody can say what was the last one, all that are remembered count.
      const [newest] = yield* Effect.orElseSucceed(entriesOf("XREVRANGE", "+", "-", "COUNT", "1"), () => [])
      let last = newest?.[0] ?? "0-0"
      let isBehind = false
      const next = Effect.suspend(() => entriesOf("XRANGE", `(${last}`, "+", "COUNT", String(batch))).pipe(
        Effect.orElseSucceed(() => []),
        Effect.map((entries) => {
          last = entries.at(-1)?.[0] ?? last
          isBehind = entries.length === batch
          return entries.flatMap(([_, [_name, text]]) => Option.toArray(decode(text)))
        })
      )
      return Stream.fromEffectRepeat(Effect.suspend(() => (isBehind ? next : Effect.delay(next, pause))))
    })
  ).pipe(
    Stream.flattenIterable,
    Stream.filter(({ by }) => by !== me),
    Stream.map(({ key, upTo }) => ({ key, upTo: upTo ?? Infinity }))
  )

/** How many removals are kept for a Redis that is away; beyond it the oldest go. */
const mostUntold = 10_000

/** Removals that Redis has not heard of yet. `removing` is the command for one; `Infinity` when every token was meant. */
export const makeUntold = (
  removing: (key: string, upTo: number) => (redis: Redis.Redis["Service"]) => Effect.Effect<unknown, Redis.RedisError>
) => {
  const untold = new Map<string, number>()

  const tell = (attempt: Link["use"]): ReturnType<typeof attempt<void>> =>
    Effect.suspend(() => {
      const [next] = untold
      if (next === undefined) return Effect.void
      const [key, upTo] = next
      return attempt(removing(key, upTo)).pipe(
        Effect.catchIf(isOfOneKey, () => Effect.void),
        Effect.andThen(Effect.sync(() => untold.get(key) === upTo && untold.delete(key))),
        Effect.andThen(tell(attempt))
      )
    })

  return {
    add: (key: string, upTo: number): void => {
      const [oldest] = untold.keys()
      if (oldest !== undefined && untold.size >= mostUntold) untold.delete(oldest)
      untold.set(key, Math.max(upTo, untold.get(key) ?? -Infinity))
    },
    /** Tells Redis of all of them, one after the other. */
    tell
  }
}
