/** Lists that the registry gives in pages, as one lazy stream. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { IcrError } from "../../errors/IcrError.ts"
import { DecodeFailure } from "../../errors/IcrReason.ts"

/** A registry that never ends its list is broken, not large. */
const manyPages = 100_000

/** Which page to ask for. */
export interface Position {
  /** Counts from 0. */
  readonly page: number
  /** How many items the pages before it had. */
  readonly seen: number
}

/** One page of a list. */
export interface Page<A> {
  readonly items: ReadonlyArray<A>
  /** How many items the whole list has, where the registry tells. */
  readonly total: Option.Option<number>
}

/** A list in pages. */
export interface Pages<A> {
  /** The public operation, for errors. */
  readonly operation: string
  readonly path: string
  /** The field that holds the items, for errors. */
  readonly field: string
  readonly fetch: (position: Position) => Effect.Effect<Page<A>, IcrError>
  /**
   * The items asked for on a page: a shorter page without a total ends the list. `undefined` where the registry may give
   * fewer than it was asked for: then only an empty page or the total ends it.
   */
  readonly limit: number | undefined
  /** Tells items apart: a page that begins as the one before it is a repetition. */
  readonly key: (item: A) => unknown
  /** How many pages are read at the most. Default 100,000. */
  readonly mostPages?: number | undefined
}

interface Progress extends Position {
  readonly previous: unknown
}

const firstPage: Progress = { page: 0, seen: 0, previous: undefined }

/**
 * Whether there may be more after `count` items: not after an empty page, nor at `total`, nor after a short page that gives no
 * total. A server that caps the page below our limit gives short pages all along; its total tells that there is more. A total
 * that is below what has been seen tells nothing.
 */
const hasMore = (count: number, total: number | undefined, seen: number, limit = 0) =>
  count > 0 && (total === undefined || seen > total ? count >= limit : seen < total)

/**
 * All pages as one lazy stream. Counts its own pages from 0: `nextPage` counts from 1 and would skip one when fed back
 * (`Get all installations for an app`). A server that repeats a page or never ends is refused.
 */
export const pages = <A>(list: Pages<A>): Stream.Stream<A, IcrError> => {
  const { fetch, field, key, limit, mostPages = manyPages, operation, path } = list
  const endless = (page: number, expected: string) => {
    const call = { operation, method: "GET", path, page, idempotent: true, attempts: 1, elapsed: Duration.zero }
    return new IcrError({ reason: new DecodeFailure({ ...call, status: 200, at: field, expected }) })
  }
  return Stream.paginate(
    firstPage,
    Effect.fnUntraced(function* ({ page, previous, seen: before }: Progress) {
      if (page >= mostPages) return yield* endless(page, `expected at most ${mostPages} pages`)
      const { items, total } = yield* fetch({ page, seen: before })
      const [first] = items
      const begins = first === undefined ? undefined : key(first)
      if (begins !== undefined && begins === previous) {
        return yield* endless(page, "expected the page to differ from the one before")
      }
      const seen = before + items.length
      const isLast = !hasMore(items.length, Option.getOrUndefined(total), seen, limit)
      return [items, isLast ? Option.none() : Option.some({ page: page + 1, seen, previous: begins })] as const
    })
  )
}
