/** Reads `limit` and `page` and cuts a page out of a list. */
import * as Effect from "effect/Effect"
import type { Behaviour } from "../Behaviour.ts"
import { badRequest } from "../ErrorBody.ts"
import { type Pagination } from "../Wire.ts"

export interface PageQuery {
  readonly limit?: number
  readonly page?: number
}

export interface Page {
  readonly limit: number
  /** Counts from 0, whichever number the requests start with. */
  readonly index: number
}

/** Interprets `limit` and `page` by the switches. Fails with a 400 that lists all complaints. */
export const read = Effect.fnUntraced(function* (query: PageQuery, behaviour: Behaviour) {
  const complaints: Array<string> = []
  if (behaviour.missingPaging === "refuse") {
    if (query.limit === undefined) complaints.push("limit should not be empty")
    if (query.page === undefined) complaints.push("page should not be empty")
  }
  const limit = query.limit ?? 10
  const page = query.page ?? behaviour.firstPage
  if (!Number.isSafeInteger(limit)) complaints.push("limit must be an integer number")
  else if (limit < 1) complaints.push("limit must not be less than 1")
  else if (limit > behaviour.pageCap && behaviour.overPageCap === "refuse") {
    complaints.push(`limit must not be greater than ${behaviour.pageCap}`)
  }
  if (!Number.isSafeInteger(page)) complaints.push("page must be an integer number")
  else if (page < behaviour.firstPage) complaints.push(`page must not be less than ${behaviour.firstPage}`)
  if (complaints.length > 0) return yield* badRequest(complaints)
  const read: Page = { limit: Math.min(limit, behaviour.pageCap), index: page - behaviour.firstPage }
  return read
})

/** Interprets `skip` and `first`, with which retirements are listed. An omitted `first` means 10. */
export const readSkip = Effect.fnUntraced(function* (
  query: { readonly skip?: number; readonly first?: number },
  behaviour: Behaviour
) {
  const complaints: Array<string> = []
  for (const name of ["skip", "first"] as const) {
    const value = query[name]
    if (value === undefined && behaviour.missingPaging === "refuse") complaints.push(`${name} should not be empty`)
    if (value !== undefined && !Number.isSafeInteger(value)) complaints.push(`${name} must be an integer number`)
    if (value !== undefined && value < 0) complaints.push(`${name} must not be less than 0`)
  }
  const { first = 10, skip = 0 } = query
  if (first > behaviour.pageCap && behaviour.overPageCap === "refuse") {
    complaints.push(`first must not be greater than ${behaviour.pageCap}`)
  }
  if (complaints.length > 0) return yield* badRequest(complaints)
  return { skip, first: Math.min(first, behaviour.pageCap) }
})

/** Items and counters of a page. */
export const cut = <A>(items: ReadonlyArray<A>, { limit, index }: Page, behaviour: Behaviour) => {
  const slice = items.slice(index * limit, (index + 1) * limit)
  const pages = Math.ceil(items.length / limit)
  const current = index + 1
  const atEnd = { null: { nextPage: null }, absent: {}, same: { nextPage: current } }[behaviour.nextPageAtEnd]
  const pagination: Pagination = {
    total: items.length,
    currentPage: current,
    pageCount: behaviour.pageCount === "pages" ? pages : slice.length,
    ...(current < pages ? { nextPage: current + 1 } : atEnd),
    prevPage: current - 1
  }
  return { pagination, items: slice }
}
