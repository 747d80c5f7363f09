/** Standard output: tables and sentences at a terminal, JSON lines in a pipe or a file. */
import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"

/** Whether a person reads standard output. */
export const isTerminal: Effect.Effect<boolean, never, Stdio.Stdio> = Effect.flatMap(
  Stdio.Stdio,
  ({ stdoutIsTerminal }) => stdoutIsTerminal
)

/** Writes as the pieces come. Ends with a `PlatformError` when the reader goes away. */
export const write = <E, R>(
  pieces: Stream.Stream<string | Uint8Array, E, R>
): Effect.Effect<void, E | PlatformError, R | Stdio.Stdio> =>
  Effect.flatMap(Stdio.Stdio, ({ stdout }) => Stream.run(pieces, stdout()))

/** One line of JSON. */
export const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`
