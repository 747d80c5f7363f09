import * as Effect from "effect/Effect"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Installation, InstallationPage } from "../../domain/Installation.ts"
import { IcrError } from "../../errors/IcrError.ts"
import { DecodeFailure } from "../../errors/IcrReason.ts"

/** A registry that never ends its list is broken, not large. */
const mostPages = 100_000

interface Progress {
  readonly page: number
  readonly seen: number
  readonly previous: Installation | undefined
}

const firstPage: Progress = { page: 0, seen: 0, previous: undefined }

const endless = (expected: string) =>
  new IcrError({
    reason: new DecodeFailure({
      operation: "IcrApp.installations",
      method: "GET",
      path: "/app/installations",
      idempotent: true,
      attempts: 1,
      elapsed: Duration.zero,
      status: 200,
      at: "installations",
      expected
    })
  })

/** Whether there may be more: not after an empty page, nor at `total`, nor after a short page that gives no total. */
const hasMore = ({ installations, pagination }: InstallationPage, seen: number, limit: number) =>
  installations.length > 0 &&
  Option.match(pagination.total, {
    onNone: () => installations.length >= limit,
    // A server that caps the page below our limit gives short pages all along; its total tells that there is more. A
    // total that is below what has been seen tells nothing.
    onSome: (total) => seen < total || (seen > total && installations.length >= limit)
  })

/**
 * All pages as one lazy stream. Counts its own pages from 0: `nextPage` counts from 1 and would skip one when fed back
 * (`Get all installations for an app`). A server that repeats a page or never ends is refused.
 */
export const pages = (
  fetch: (page: number) => Effect.Effect<InstallationPage, IcrError>,
  limit: number
): Stream.Stream<Installation, IcrError> =>
  Stream.paginate(
    firstPage,
    Effect.fnUntraced(function* ({ page, previous, seen }: Progress) {
      if (page >= mostPages) return yield* endless(`expected at most ${mostPages} pages`)
      const answer = yield* fetch(page)
      const [first] = answer.installations
      if (first !== undefined && first.id === previous?.id) {
        return yield* endless(`expected page ${page} to differ from the one before`)
      }
      const sum = seen + answer.installations.length
      const next: Progress = { page: page + 1, seen: sum, previous: first }
      return [answer.installations, hasMore(answer, sum, limit) ? Option.some(next) : Option.none()] as const
    })
  )
