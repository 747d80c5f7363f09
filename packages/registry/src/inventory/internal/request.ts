/** Asking for something to be done with credits: sent once, and looked for when the answer got lost. */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { callOptions, invalidRequest } from "@effect-icr/app/extension"
import { type IcrError, notDone } from "@effect-icr/app/IcrError"
import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import type { Tonnes } from "../../amounts/Tonnes.ts"
import { clockTolerance, registryMillis, registryTimeAt } from "../../calls/internal/registryClock.ts"
import { checkId } from "../../calls/internal/input.ts"
import { bodyWithAmount, checkAction, checkAmount, isSameText } from "../../calls/internal/writes.ts"
import { type CreditAction, CreditRequest } from "../../domain/CreditRequest.ts"
import { isPast, lookFor } from "../../uncertain/internal/look.ts"
import { RequestUncertain } from "../../uncertain/Uncertain.ts"
import type { RequestOptions } from "../Inventory.ts"
import { readPage, requestsPath } from "./requests.ts"
import { canRequest, type InventoryContext } from "./shared.ts"

const operation = "Registry.inventory.request"
const decodeRequest = schemaBodyJson(CreditRequest)

/** What was asked for. */
type Wanted = Pick<
  RequestUncertain,
  "action" | "creditId" | "amount" | "toOrganizationId" | "toAddress" | "retirementData"
>

/** A field that the list leaves out tells nothing. */
const agrees = (field: Option.Option<string>, wanted: Option.Option<string>) =>
  Option.isNone(field) || Option.isNone(wanted) || isSameText(field.value, wanted.value)

const isLike = (wanted: Wanted, since: number) => (request: CreditRequest) =>
  isSameText(request.action, wanted.action) &&
  Equal.equals(request.amount, wanted.amount) &&
  agrees(request.creditId, Option.some(wanted.creditId)) &&
  agrees(request.toOrganizationId, wanted.toOrganizationId) &&
  agrees(request.toAddress, wanted.toAddress) &&
  agrees(
    request.retirementComment,
    Option.flatMap(wanted.retirementData, ({ comment }) => Option.fromUndefinedOr(comment))
  ) &&
  DateTime.toEpochMillis(request.createdAt) >= since

/** The requests made since. Where the list shows its newest first, older pages are not read. */
const newest = Effect.fnUntraced(function* (context: InventoryContext, since: number) {
  const found: Array<CreditRequest> = []
  for (let page = 0, seen = 0; ; page++) {
    const { creditRequests, pagination } = yield* readPage(context, page)
    found.push(...creditRequests)
    seen += creditRequests.length
    if (creditRequests.length === 0 || Option.exists(pagination.total, (total) => seen >= total)) return found
    if (isPast(creditRequests, since)) return found
  }
})

/** A request, as it was sent. */
interface Sent extends Wanted {
  /** When it was sent, by this machine's clock. */
  readonly at: number
}

/** Requests made before the call began are not it. */
const sinceOf = ({ app }: InventoryContext, { at }: Sent) =>
  Effect.map(registryTimeAt(app, at), (start) => start - clockTolerance)

const look = Effect.fnUntraced(function* (context: InventoryContext, sent: Sent) {
  const since = yield* sinceOf(context, sent)
  return Option.liftPredicate(Arr.isReadonlyArrayNonEmpty)((yield* newest(context, since)).filter(isLike(sent, since)))
})

const failUncertain = Effect.fnUntraced(function* (
  context: InventoryContext,
  { at: _, ...sent }: Sent,
  since: number,
  found: ReadonlyArray<CreditRequest>,
  error: Option.Option<IcrError>
): Effect.fn.Return<never, RequestUncertain> {
  const now = yield* registryMillis(context.app)
  return yield* new RequestUncertain({
    ...sent,
    installationId: context.calls.installation,
    since: DateTime.makeUnsafe(since),
    found,
    error,
    certainAt: DateTime.makeUnsafe(now + Duration.toMillis(context.quietPeriod))
  })
})

/** Finds a request that was made, or may have been. `error` is none where the registry said yes. */
const find = Effect.fnUntraced(function* (context: InventoryContext, sent: Sent, error: Option.Option<IcrError>) {
  const looked = yield* Effect.result(lookFor(look(context, sent), context.quietPeriod, identity))
  const since = yield* sinceOf(context, sent)
  if (Result.isSuccess(looked) && Option.isNone(looked.success) && Option.isSome(error)) {
    return yield* notDone(error.value)
  }
  const found = Result.isSuccess(looked) ? Option.getOrElse(looked.success, (): ReadonlyArray<CreditRequest> => []) : []
  const [only, ...others] = found
  // A request does not say who made it: only where the registry said yes, and nothing else is like it, it is the one.
  return Option.isNone(error) && only !== undefined && others.length === 0
    ? only
    : yield* failUncertain(context, sent, since, found, error)
})

const isAddress = Schema.is(Schema.String.check(Schema.isPattern(/\S/)))

/** Refused before it is sent: what the types cannot tell, and what plain JavaScript may hand over. */
const check = Effect.fnUntraced(function* (action: CreditAction, options: RequestOptions<CreditAction>) {
  const { amount, creditId, retirementData, toAddress, toOrganizationId } = yield* callOptions(operation, options)
  yield* checkAction(operation, action, retirementData)
  yield* checkId(operation, "creditId", creditId)
  if (toOrganizationId !== undefined) yield* checkId(operation, "toOrganizationId", toOrganizationId)
  else if (!isAddress(toAddress)) return yield* invalidRequest(operation, "toAddress is empty")
  return yield* checkAmount(operation, amount)
})

const bodyOf = (
  amount: Tonnes,
  { creditId, retirementData, toAddress, toOrganizationId }: RequestOptions<CreditAction>
) =>
  bodyWithAmount(amount, {
    creditId,
    ...(toOrganizationId === undefined ? { toAddress } : { toOrganizationId }),
    ...(retirementData === undefined ? {} : { retirementData })
  })

/** Sends a request, and finds out what became of it. */
export const request = Effect.fnUntraced(function* (
  context: InventoryContext,
  action: CreditAction,
  options: RequestOptions<CreditAction>
): Effect.fn.Return<CreditRequest, IcrError | RequestUncertain> {
  const amount = yield* check(action, options)
  const { client, root } = yield* context.calls.allowed({
    operation,
    method: "POST",
    path: `/organizations/{id}${requestsPath}/${action}`,
    permission: canRequest
  })
  const sent: Sent = {
    action,
    creditId: options.creditId,
    amount,
    toOrganizationId: Option.fromUndefinedOr(options.toOrganizationId),
    toAddress: Option.fromUndefinedOr(options.toAddress),
    retirementData: Option.fromUndefinedOr(options.retirementData),
    at: yield* Clock.currentTimeMillis
  }
  const answer = yield* Effect.result(
    client.post(`${root}${requestsPath}/${action}`, { body: bodyOf(amount, options) })
  )
  if (Result.isFailure(answer)) {
    const error = answer.failure
    return error.mayHaveHappened ? yield* find(context, sent, Option.some(error)) : yield* error
  }
  const named = yield* Effect.option(decodeRequest(answer.success))
  return Option.isSome(named) ? named.value : yield* find(context, sent, Option.none())
})

/** One more look: ends when there is none. */
export const resolveRequest = Effect.fnUntraced(function* (
  context: InventoryContext,
  uncertain: RequestUncertain
): Effect.fn.Return<void, RequestUncertain> {
  const since = DateTime.toEpochMillis(uncertain.since)
  const requests = yield* Effect.mapError(newest(context, since), () => uncertain)
  const found = requests.filter(isLike(uncertain, since))
  if (found.length > 0) return yield* new RequestUncertain({ ...uncertain, found })
  const isOver = (yield* registryMillis(context.app)) >= DateTime.toEpochMillis(uncertain.certainAt)
  if (!isOver) return yield* uncertain
})
