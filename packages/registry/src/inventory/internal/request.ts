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
import * as Stream from "effect/Stream"
import type { InstallationId } from "@effect-icr/app/domain/Ids"
import { callOptions, invalidRequest } from "@effect-icr/app/extension"
import { type IcrError, notDone } from "@effect-icr/app/IcrError"
import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import { clockTolerance, registryMillis, registryTimeAt } from "../../calls/internal/registryClock.ts"
import { checkId } from "../../calls/internal/input.ts"
import { bodyWithAmount, checkAction, checkAmount, isSameText, retirementDataOf } from "../../calls/internal/writes.ts"
import { type CreditAction, CreditRequest } from "../../domain/CreditRequest.ts"
import { lookFor } from "../../uncertain/internal/look.ts"
import { RequestUncertain } from "../../uncertain/Uncertain.ts"
import type { RequestOptions } from "../Inventory.ts"
import { requestsPath, requestsSince } from "./requests.ts"
import { canRequest, type InventoryContext } from "./shared.ts"

const operation = "Registry.inventory.request"
const decodeRequest = schemaBodyJson(CreditRequest)

/** What was asked for, as every outcome keeps it. */
type Wanted = Pick<
  RequestUncertain,
  "installationId" | "action" | "creditId" | "amount" | "toOrganizationId" | "toAddress" | "retirementData"
>

/** Whether a field of the list may be the one wanted. One that the list leaves out may be any. */
const agrees = (field: Option.Option<string>, wanted: Option.Option<string>) =>
  Option.isNone(field) || Option.isNone(wanted) || isSameText(field.value, wanted.value)

/** Whether a request may be the one that was sent, if the list rounds amounts and writes texts in its own way. */
const isNear = (wanted: Wanted, since: number) => (request: CreditRequest) =>
  agrees(request.creditId, Option.some(wanted.creditId)) &&
  agrees(request.toOrganizationId, wanted.toOrganizationId) &&
  agrees(request.toAddress, wanted.toAddress) &&
  DateTime.toEpochMillis(request.createdAt) >= since

/** Whether a request that may be the one that was sent says exactly the same. */
const isLike = (wanted: Wanted) => (request: CreditRequest) =>
  isSameText(request.action, wanted.action) &&
  Equal.equals(request.amount, wanted.amount) &&
  agrees(
    request.retirementComment,
    Option.flatMap(wanted.retirementData, ({ comment }) => Option.fromUndefinedOr(comment))
  )

/** The result of a look. Only a list that was read to its end tells how many are like what was asked for. */
interface Looked {
  readonly found: Arr.NonEmptyReadonlyArray<CreditRequest>
  readonly isLike: boolean
}

/** The requests that may be the one that was sent: those that say the same, else the others. */
const lookOnce = Effect.fnUntraced(function* (context: InventoryContext, wanted: Wanted, since: number) {
  const near: Array<CreditRequest> = []
  const read = yield* Effect.result(
    Stream.runForEach(Stream.filter(requestsSince(context, since), isNear(wanted, since)), (request) =>
      Effect.sync(() => near.push(request))
    )
  )
  const like = Result.isSuccess(read) ? near.filter(isLike(wanted)) : []
  if (Arr.isReadonlyArrayNonEmpty(like)) return Option.some<Looked>({ found: like, isLike: true })
  if (Arr.isReadonlyArrayNonEmpty(near)) return Option.some<Looked>({ found: near, isLike: false })
  return Result.isSuccess(read) ? Option.none<Looked>() : yield* read.failure
})

/** A request, as it was sent. */
interface Sent extends Wanted {
  /** When it was sent, by this machine's clock. */
  readonly at: number
}

/** The earliest time of the request: one made before the call began is another. */
const sinceOf = ({ app }: InventoryContext, { at }: Sent) =>
  Effect.map(registryTimeAt(app, at), (start) => start - clockTolerance)

const look = Effect.fnUntraced(function* (context: InventoryContext, sent: Sent) {
  return yield* lookOnce(context, sent, yield* sinceOf(context, sent))
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
    since: DateTime.makeUnsafe(since),
    found,
    error,
    certainAt: DateTime.makeUnsafe(now + Duration.toMillis(context.quietPeriod))
  })
})

/** Finds a request that was made, or may have been. `error` is none where the registry said yes. */
const find = Effect.fnUntraced(function* (context: InventoryContext, sent: Sent, error: Option.Option<IcrError>) {
  const looked = yield* Effect.result(
    lookFor(look(context, sent), context.quietPeriod, identity, (result) => result.isLike)
  )
  const since = yield* sinceOf(context, sent)
  if (Result.isFailure(looked)) return yield* failUncertain(context, sent, since, [], error)
  if (Option.isNone(looked.success)) {
    return Option.isSome(error) ? yield* notDone(error.value) : yield* failUncertain(context, sent, since, [], error)
  }
  const { found, isLike } = looked.success.value
  // A request does not say who made it. It is certain only where the registry said yes and no other request is like it.
  return Option.isNone(error) && isLike && found.length === 1
    ? Arr.headNonEmpty(found)
    : yield* failUncertain(context, sent, since, found, error)
})

/** What is asked for, whatever the action. */
type AnyOptions = RequestOptions<"transfer"> | RequestOptions<"retire">

const isAddress = Schema.is(Schema.String.check(Schema.isPattern(/\S/)))

/**
 * Checks a request before it is sent, for what the types cannot tell and for what plain JavaScript may hand over. Only what
 * was checked is sent, looked for and kept.
 */
const check = Effect.fnUntraced(function* (
  installationId: InstallationId,
  action: CreditAction,
  options: AnyOptions
): Effect.fn.Return<Wanted, IcrError> {
  const { amount, creditId, retirementData, toAddress, toOrganizationId } = yield* callOptions(operation, options)
  yield* checkAction(operation, action, retirementData)
  yield* checkId(operation, "creditId", creditId)
  if (toOrganizationId !== undefined) yield* checkId(operation, "toOrganizationId", toOrganizationId)
  else if (!isAddress(toAddress)) return yield* invalidRequest(operation, "toAddress is empty")
  return {
    installationId,
    action,
    creditId,
    amount: yield* checkAmount(operation, amount),
    toOrganizationId: Option.fromUndefinedOr(toOrganizationId),
    // One receiver, also from plain JavaScript.
    toAddress: toOrganizationId === undefined ? Option.fromUndefinedOr(toAddress) : Option.none(),
    retirementData:
      action === "transfer" ? Option.none() : Option.map(Option.fromUndefinedOr(retirementData), retirementDataOf)
  }
})

const bodyOf = ({ amount, creditId, retirementData, toAddress, toOrganizationId }: Wanted) =>
  bodyWithAmount(amount, {
    creditId,
    toOrganizationId: Option.getOrUndefined(toOrganizationId),
    toAddress: Option.getOrUndefined(toAddress),
    retirementData: Option.getOrUndefined(retirementData)
  })

/** Sends a request, and finds out what became of it. */
export const request = Effect.fnUntraced(function* (
  context: InventoryContext,
  action: CreditAction,
  options: AnyOptions
): Effect.fn.Return<CreditRequest, IcrError | RequestUncertain> {
  const wanted = yield* check(context.calls.installation, action, options)
  const { client, root } = yield* context.calls.allowed({
    operation,
    method: "POST",
    path: `/organizations/{id}${requestsPath}/${action}`,
    permission: canRequest
  })
  const sent: Sent = { ...wanted, at: yield* Clock.currentTimeMillis }
  const answer = yield* Effect.result(client.post(`${root}${requestsPath}/${action}`, { body: bodyOf(wanted) }))
  if (Result.isFailure(answer)) {
    const error = answer.failure
    return error.mayHaveHappened ? yield* find(context, sent, Option.some(error)) : yield* error
  }
  const named = yield* Effect.option(decodeRequest(answer.success))
  return Option.isSome(named) ? named.value : yield* find(context, sent, Option.none())
})

const isUncertain = Schema.is(RequestUncertain)

/** Looks once more. Succeeds when no such request is there and none can come any more. */
export const resolveRequest = Effect.fnUntraced(function* (
  context: InventoryContext,
  uncertain: RequestUncertain
): Effect.fn.Return<void, IcrError | RequestUncertain> {
  const operation = "Registry.inventory.resolve"
  if (!isUncertain(uncertain)) return yield* invalidRequest(operation, "what was given is no RequestUncertain")
  if (uncertain.installationId !== context.calls.installation) {
    return yield* invalidRequest(operation, "what was given is of another installation")
  }
  const looked = yield* Effect.mapError(
    lookOnce(context, uncertain, DateTime.toEpochMillis(uncertain.since)),
    () => uncertain
  )
  if (Option.isSome(looked)) return yield* new RequestUncertain({ ...uncertain, found: looked.value.found })
  const isOver = (yield* registryMillis(context.app)) >= DateTime.toEpochMillis(uncertain.certainAt)
  if (!isOver) return yield* uncertain
})
