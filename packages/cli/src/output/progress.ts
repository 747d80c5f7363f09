/** Shows progress on a terminal while a list is read. */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"

const eraseLine = "\r\u001b[K"

/** Counts on standard error, page by page, and leaves nothing behind. Where that is no terminal, nothing is written. */
export const counted = <A, E, R>(items: Stream.Stream<A, E, R>, what: string) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { stderr, stderrIsTerminal } = yield* Stdio.Stdio
      if (!(yield* stderrIsTerminal)) return items
      const seen = yield* Ref.make(0)
      const show = (text: string) => Effect.ignore(Stream.run(Stream.make(eraseLine + text), stderr()))
      return items.pipe(
        Stream.mapArrayEffect((page) =>
          Effect.as(
            Effect.flatMap(
              Ref.updateAndGet(seen, (count) => count + page.length),
              (count) => show(`${count} ${what} …`)
            ),
            page
          )
        ),
        Stream.ensuring(show(""))
      )
    })
  )
