/** Reads of the credit requests of an inventory, and waiting for one. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type * as Stream from "effect/Stream"
import type { IcrError } from "@effect-icr/app/IcrError"
import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import { callOptions, invalidRequest, pages } from "@effect-icr/app/extension"
import { checkId } from "../../calls/internal/input.ts"
import { CreditRequest, CreditRequestPage } from "../../domain/CreditRequest.ts"
import type { CreditRequestId } from "../../domain/Ids.ts"
import { isPast, mostPagesOfLook } from "../../uncertain/internal/look.ts"
import { type SettledOptions, StillPending } from "../Inventory.ts"
import { canRead, type InventoryContext } from "./shared.ts"

/** Below the organization's path. */
export const requestsPath = "/inventory/requests"

/** The largest page the registry is known to give. */
const pageSize = 50

const decodeRequest = schemaBodyJson(CreditRequest)
const decodePage = schemaBodyJson(CreditRequestPage)

/** One page; `page` counts from 0. */
const readPage = ({ calls }: InventoryContext, page: number) =>
  calls.get(
    {
      operation: "Registry.inventory.requests.all",
      permission: canRead,
      path: requestsPath,
      query: { limit: pageSize, page }
    },
    decodePage
  )

/** All requests. */
export const allRequests = (context: InventoryContext): Stream.Stream<CreditRequest, IcrError> =>
  pages({
    operation: "Registry.inventory.requests.all",
    path: `/organizations/{id}${requestsPath}`,
    field: "creditRequests",
    limit: pageSize,
    key: ({ id }) => id,
    fetch: ({ page }) =>
      Effect.map(readPage(context, page), ({ creditRequests, pagination }) => ({
        items: creditRequests,
        total: pagination.total
      }))
  })

/**
 * The requests made from `since` on, and perhaps older ones. Where the list shows its newest first, older pages are not read.
 * Fails where the list does not come to an end.
 */
export const requestsSince = (context: InventoryContext, since: number): Stream.Stream<CreditRequest, IcrError> =>
  pages({
    operation: "Registry.inventory.requests.all",
    path: `/organizations/{id}${requestsPath}`,
    field: "creditRequests",
    // A registry may give fewer than it was asked for: a short page need not be the last one.
    limit: undefined,
    key: ({ id }) => id,
    mostPages: mostPagesOfLook,
    fetch: ({ page, seen }) =>
      Effect.map(readPage(context, page), ({ creditRequests, pagination }) => ({
        items: creditRequests,
        total: isPast(creditRequests, since) ? Option.some(seen + creditRequests.length) : pagination.total
      }))
  })

/** One request. */
export const getRequest = Effect.fnUntraced(function* ({ calls }: InventoryContext, id: CreditRequestId) {
  const operation = "Registry.inventory.requests.get"
  yield* checkId(operation, "the request's id", id)
  return yield* calls.get({ operation, permission: canRead, path: `${requestsPath}/${id}` }, decodeRequest)
})

const patience = Duration.minutes(10)

/** After 1 s, then less and less often up to every 30 s, for 10 minutes. */
const defaultSchedule = Schedule.upTo(
  Schedule.min([Schedule.exponential("1 second", 1.5), Schedule.spaced("30 seconds")]),
  { duration: patience }
)

/** Waits for the end of a request. */
export const settled = Effect.fn("Registry.inventory.requests.settled")(function* (
  context: InventoryContext,
  id: CreditRequestId,
  options: SettledOptions = {}
) {
  const operation = "Registry.inventory.requests.settled"
  const { schedule = defaultSchedule } = yield* callOptions(operation, options)
  if (!Schedule.isSchedule(schedule)) return yield* invalidRequest(operation, "schedule is no schedule")
  return yield* Effect.scoped(
    Effect.gen(function* () {
      // Before the first read: an event between a read and a wait must not be missed.
      const woken = yield* context.notifications.listen(context.calls.installation)
      const pause = yield* Schedule.toStepWithSleep(schedule)
      for (;;) {
        const read = yield* Effect.result(getRequest(context, id))
        if (Result.isSuccess(read) && read.success.isSettled) return read.success
        // A registry that is down for a while does not end the wait.
        if (Result.isFailure(read) && !read.failure.isRetryable) return yield* read.failure
        const isOver = yield* Effect.raceFirst(Effect.as(pause(undefined), false), Effect.as(woken, false)).pipe(
          Pull.catchDone(() => Effect.succeed(true))
        )
        if (isOver) return yield* Result.isFailure(read) ? read.failure : new StillPending({ request: read.success })
      }
    })
  )
})
