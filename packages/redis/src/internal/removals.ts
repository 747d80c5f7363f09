/** What was removed lately, as a Redis stream that every process reads once a second. */
import type { Removal } from "@effect-icr/app/TokenStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Link } from "./link.ts"

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

/** The removals by other stores. Reading goes on after an outage where it stopped. */
export const make = (link: Link, log: string, me: string): Stream.Stream<Removal> =>
  Stream.unwrap(
    Effect.sync(() => {
      let last = "0-0"
      const read = link.use((redis) => redis.send("XRANGE", log, `(${last}`, "+", "COUNT", String(batch)))
      const next = Effect.suspend(() => read).pipe(
        Effect.option,
        Effect.map((reply) => {
          const entries = Option.getOrElse(Option.flatMap(reply, decodeReply), () => [])
          last = entries.at(-1)?.[0] ?? last
          return entries.flatMap(([_, [_name, text]]) => Option.toArray(decode(text)))
        })
      )
      return Stream.fromEffectRepeat(Effect.tap(next, () => Effect.sleep(pause)))
    })
  ).pipe(
    Stream.flattenIterable,
    Stream.filter(({ by }) => by !== me),
    Stream.map(({ key, upTo }) => ({ key, upTo: upTo ?? Infinity }))
  )
