/**
 * Contenders in a process each, asked in turn. Within one process the compiler prepares the code that they share, Effect's
 * above all, for everything that any of them does with it: three transports side by side, which no program has.
 */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { ClockName, Contender } from "./measure.ts"

/** Does its work so many times, so many at a time. */
export type Runner = (width: number, operations: number) => Promise<unknown>

/** What a process is told at first: the module that exports `contender`, which of them it is, and what to work on. */
export interface Part {
  readonly module: string
  readonly name: string
  readonly input: unknown
}

/** What a process is asked for from then on. It answers with what that took, in milliseconds. */
export interface Order {
  readonly width: number
  readonly operations: number
  readonly by: ClockName
}

const program = fileURLToPath(new URL("contender.ts", import.meta.url))

const answer = async (child: ChildProcess, message: Part | Order): Promise<number> => {
  child.send(message)
  const [said] = await once(child, "message")
  if (typeof said !== "number") throw new Error(String(said))
  return said
}

const begin = async (part: Part) => {
  const child = fork(program)
  // A contender that ends answers nothing any more: then nothing can be compared.
  child.on("exit", (code) => {
    if (code !== null) throw new Error(`${part.name} ended with ${code}`)
  })
  await answer(child, part)
  return { name: part.name, child }
}

/** Starts them. Each is ready when this returns. */
export const apart = async (
  module: string,
  names: ReadonlyArray<string>,
  input: unknown
): Promise<{
  readonly at: (width: number, by: ClockName) => ReadonlyArray<Contender>
  readonly stop: () => void
}> => {
  const children = await Promise.all(names.map((name) => begin({ module, name, input })))
  return {
    at: (width, by) =>
      children.map(({ child, name }) => ({ name, run: (operations) => answer(child, { width, operations, by }) })),
    stop: () => children.forEach(({ child }) => child.kill())
  }
}
