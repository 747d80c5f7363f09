/** What goes into the body of a write, checked before anything is sent. */
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { invalidRequest } from "@effect-icr/app/extension"
import type { IcrError } from "@effect-icr/app/IcrError"
import * as Tonnes from "../../amounts/Tonnes.ts"
import { CreditAction } from "../../domain/CreditRequest.ts"
import type { RetirementData } from "../../domain/Retirement.ts"

/** A credit is divisible into 10¹⁸ parts. */
const mostDecimals = 18

/** An amount that can be moved: more than nothing, and of at most 18 decimals. */
export const checkAmount = (operation: string, input: Tonnes.Input): Effect.Effect<Tonnes.Tonnes, IcrError> =>
  Option.match(Tonnes.fromInput(input), {
    onNone: () => Effect.fail(invalidRequest(operation, "the amount is not a number of an amount's size")),
    onSome: (amount) => {
      if (!Tonnes.isPositive(amount)) return Effect.fail(invalidRequest(operation, "the amount must be more than 0"))
      return Tonnes.decimals(amount) > mostDecimals
        ? Effect.fail(invalidRequest(operation, `the amount has more than ${mostDecimals} decimals`))
        : Effect.succeed(amount)
    }
  })

const isAction = Schema.is(CreditAction)
const Filled = Schema.String.check(Schema.isPattern(/\S/))
const isRetirement = Schema.is(
  Schema.Struct({ reason: Filled, beneficiaryName: Filled, comment: Schema.optional(Schema.String) })
)

/** Checks the action, and what a retirement is to say: a certificate without a beneficiary would be worthless. */
export const checkAction = Effect.fnUntraced(function* (
  operation: string,
  action: CreditAction,
  data: RetirementData | undefined
): Effect.fn.Return<void, IcrError> {
  if (!isAction(action)) return yield* invalidRequest(operation, "there is no such action")
  const isNeeded = action !== "transfer" || data !== undefined
  if (isNeeded && !isRetirement(data)) {
    return yield* invalidRequest(operation, "retirementData needs a reason and the name of a beneficiary")
  }
})

/** What a retirement is to say, as it is sent and kept: a comment that is `undefined` is none. */
export const retirementDataOf = ({ beneficiaryName, comment, reason }: RetirementData): RetirementData => ({
  reason,
  beneficiaryName,
  ...(comment === undefined ? {} : { comment })
})

/** A JSON object, with an amount among its members written digit for digit. */
export const bodyWithAmount = (
  amount: Tonnes.Tonnes,
  members: { readonly creditId: string; readonly [name: string]: unknown }
): HttpBody.HttpBody =>
  // The object is not empty, so that the amount follows a comma.
  HttpBody.text(`${JSON.stringify(members).slice(0, -1)},"amount":${Tonnes.format(amount)}}`, "application/json")

/** A JSON object. */
export const body = (members: { readonly [name: string]: unknown }): HttpBody.HttpBody =>
  HttpBody.text(JSON.stringify(members), "application/json")

/**
 * Whether two credits, addresses or actions are the same: the registry may write an address on the chain in another
 * case.
 */
export const isSameText = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
