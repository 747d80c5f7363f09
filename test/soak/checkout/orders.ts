/** Orders as a process writes them down: one line for each step, before the next one begins. */
import { OrganizationId } from "@effect-icr/app/domain/Ids"
import { Reservation } from "@effect-icr/registry/domain/Reservation"
import { FinishUncertain, ReserveUncertain } from "@effect-icr/registry/Uncertain"
import { Effect, FileSystem, Schema } from "effect"

const order = Schema.Int

/** How far an order has come. */
export const Step = Schema.TaggedUnion({
  /** A reserve may have been sent. */
  Reserving: { order },
  /** Credits are held; no finish was sent. */
  Reserved: { order, reservation: Reservation },
  /** A finish may have been sent. */
  Finishing: { order, reservation: Reservation },
  Done: { order },
  /** Certainly: `why` is the reason of the error, or what the process decided. */
  NotDone: { order, why: Schema.String },
  ReserveUncertain: { order, uncertain: ReserveUncertain },
  FinishUncertain: { order, uncertain: FinishUncertain }
})
export type Step = typeof Step.Type

const Line = Schema.fromJsonString(Schema.toCodecJson(Step))
const encode = Schema.encodeEffect(Line)
const decode = Schema.decodeEffect(Line)

/** Adds a step at the end of a file. */
export const write = Effect.fnUntraced(function* (file: string, step: Step) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.writeFileString(file, `${yield* encode(step)}\n`, { flag: "a" })
})

/** The last step of each order in a file. */
export const read = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const text = (yield* fs.exists(file)) ? yield* fs.readFileString(file) : ""
  const lines = text.split("\n").filter((line) => line !== "")
  const steps = yield* Effect.forEach(lines, (line) => decode(line))
  return new Map(steps.map((step) => [step.order, step]))
})

/** What an order is for: a third of them has the smallest part of a credit at its end. */
export const amountOf = (order: number) => (["0.5", "0.25", "0.100000000000000001"] as const)[order % 3] ?? "0.5"

/** The comment of an order's retirement, by which the registry is asked afterwards. */
export const commentOf = (order: number) => `Order ${order}`

/** The order of a comment. */
export const orderOf = (comment: string) => {
  const [, order] = /^Order (\d+)$/.exec(comment) ?? []
  return order === undefined ? undefined : Number(order)
}

/** For whom an order is retired. */
export const retirementOf = (order: number, buyer: string) => ({
  receiverId: OrganizationId.make(buyer),
  retirementData: { reason: "Testing", beneficiaryName: "Jane Doe", comment: commentOf(order) }
})
