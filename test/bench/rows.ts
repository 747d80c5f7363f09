/** The rows by name, in the order of the table. Loaded one at a time. */
import type { Finding } from "./support/finding.ts"
import type { Effort } from "./support/measure.ts"

/** One row of the table. */
export interface Row {
  readonly run: (effort: Effort) => Promise<ReadonlyArray<Finding>>
}

export const rows: ReadonlyMap<string, () => Promise<Row>> = new Map([
  ["nightlyJob", () => import("./rows/nightlyJob.ts")],
  ["cachedToken", () => import("./rows/cachedToken.ts")],
  ["coldCallers", () => import("./rows/coldCallers.ts")],
  ["appJwt", () => import("./rows/appJwt.ts")],
  ["requests", () => import("./rows/requests.ts")],
  ["listing", () => import("./rows/listing.ts")],
  ["webhooks", () => import("./rows/webhooks.ts")],
  ["manyTokens", () => import("./rows/manyTokens.ts")],
  ["start", () => import("./rows/start.ts")],
  ["decoding", () => import("./rows/decoding.ts")],
  ["decodingCompiled", () => import("./rows/decodingCompiled.ts")]
])
