/** Ways to do something many times. */
import { Effect } from "effect"

/** Synchronously, one after another. */
export const repeatSync = (work: (index: number) => unknown) => (operations: number) => {
  for (let index = 0; index < operations; index++) work(index)
}

/** As promises, `width` at a time; each of them goes on as soon as it is done. */
export const repeatAsync = (width: number, work: (index: number) => Promise<unknown>) => async (operations: number) => {
  let next = 0
  const worker = async () => {
    while (next < operations) await work(next++)
  }
  await Promise.all(Array.from({ length: width }, worker))
}

/** As effects on `width` fibers. To be run with `Effect.runPromise`. */
export const repeatEffect = <A, E, R>(
  width: number,
  operations: number,
  work: (index: number) => Effect.Effect<A, E, R>
): Effect.Effect<void, E, R> => {
  let next = 0
  const worker = Effect.gen(function* () {
    while (next < operations) yield* work(next++)
  })
  return width === 1
    ? worker
    : Effect.forEach(Array.from({ length: width }), () => worker, { concurrency: width, discard: true })
}
