/** One contender in this process alone: see `apart.ts`. */
import type { Order, Part, Runner } from "./apart.ts"
import { clocks } from "./measure.ts"

let run: Runner = () => Promise.reject(new Error("nobody said which contender this is"))

const obey = async (message: Part | Order): Promise<number> => {
  if ("module" in message) {
    const { contender } = await import(message.module)
    run = await contender(message.name, message.input)
    return 0
  }
  const now = clocks[message.by]
  const start = now()
  await run(message.width, message.operations)
  return now() - start
}

process.on("message", (message: Part | Order) => {
  void obey(message)
    .catch((error: unknown) => String(error))
    .then((said) => process.send?.(said))
})
