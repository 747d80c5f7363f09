/**
 * Where a page stands among all pages of a list.
 *
 * @module
 */
import * as Schema from "effect/Schema"
import { lenient } from "./lenient.ts"

/** May also be a text, such as `"100"`. A counter of any other shape counts as absent. */
const Counter = lenient(Schema.Union([Schema.Finite, Schema.FiniteFromString]))

/**
 * The counters beside a list (`Get all installations for an app`, Apps v0.5).
 *
 * Requests count pages from 0, yet the printed answer to `page=0` says `currentPage` 1, `nextPage` 2: never feed
 * `nextPage` back as `page`, it skips one. `pageCount` may be the number of pages or of items on this one; the
 * documents fit both.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Pagination extends Schema.Class<Pagination>("@effect-icr/app/Pagination")({
  total: Counter,
  currentPage: Counter,
  pageCount: Counter,
  nextPage: Counter,
  prevPage: Counter
}) {}
