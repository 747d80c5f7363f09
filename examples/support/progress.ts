import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"

const every = 50

/** A line that counts: rewritten in a terminal, one line for every 50 in a log. */
export const makeProgress = Effect.fnUntraced(function* (what: string) {
  const count = yield* Ref.make(0)
  const isTerminal = process.stdout.isTTY === true
  const write = (text: string) => Effect.sync(() => void process.stdout.write(text))
  const show = (n: number) =>
    isTerminal ? write(`\r  ${n} ${what}`) : n % every === 0 ? write(`  ${n} ${what} so far\n`) : Effect.void
  return {
    advance: Effect.flatMap(
      Ref.updateAndGet(count, (n) => n + 1),
      show
    ),
    done: Effect.flatMap(Ref.get(count), (n) => write(`${isTerminal ? "\r" : ""}  ${n} ${what} in all\n`))
  }
})
