/** The log of invalidations: a Redis stream that every process of the fleet reads once a second. */
import type { Removal } from "@effect-icr/app/TokenStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { GuardedRedis } from "./availability.ts"

/** An entry of the log, as JSON in its one field. */
const Invalidation = Schema.fromJsonString(
  Schema.Struct({
    key: Schema.String,
    /** Tokens that end later stay valid. Null when every token is invalid. */
    upTo: Schema.NullOr(Schema.Finite),
    /** The process that wrote it. */
    by: Schema.String
  })
)
const decode = Schema.decodeUnknownOption(Invalidation)

/** An entry as text. */
export const encode = (invalidation: typeof Invalidation.Type): string => Schema.encodeSync(Invalidation)(invalidation)

/** Entries as Redis returns them: an id, then names and values in turn. */
const Reply = Schema.Array(Schema.Tuple([Schema.String, Schema.Array(Schema.String)]))
const decodeReply = Schema.decodeUnknownOption(Reply)

const readInterval = "1 second"
const batchSize = 1000

/** Where reading stands. */
interface Position {
  readonly lastId: string
  /** Whether more entries are waiting. */
  readonly isBehind: boolean
}

/** Invalidations that other processes write from now on. After an outage, reading continues where it stopped. */
export const read = (redis: GuardedRedis, log: string, processId: string): Stream.Stream<Removal> => {
  const entries = (command: string, ...args: ReadonlyArray<string>) =>
    redis
      .use((redis) => redis.send(command, log, ...args))
      .pipe(
        Effect.map((reply): typeof Reply.Type => Option.getOrElse(decodeReply(reply), () => [])),
        Effect.orElseSucceed((): typeof Reply.Type => [])
      )

  const readBatch = Effect.fnUntraced(function* ({ isBehind, lastId }: Position) {
    if (!isBehind) yield* Effect.sleep(readInterval)
    const batch = yield* entries("XRANGE", `(${lastId}`, "+", "COUNT", String(batchSize))
    const next: Position = { lastId: batch.at(-1)?.[0] ?? lastId, isBehind: batch.length === batchSize }
    const invalidations = batch.flatMap(([_id, [_name, text]]) => Option.toArray(decode(text)))
    return [invalidations, Option.some(next)] as const
  })

  return Stream.unwrap(
    // When the last entry is unknown, because of an outage, reading begins with the first one.
    Effect.map(entries("XREVRANGE", "+", "-", "COUNT", "1"), ([newest]) =>
      Stream.paginate({ lastId: newest?.[0] ?? "0-0", isBehind: false }, readBatch)
    )
  ).pipe(
    Stream.filter(({ by }) => by !== processId),
    Stream.map(({ key, upTo }) => ({ key, upTo: upTo ?? Infinity }))
  )
}
