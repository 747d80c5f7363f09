/** Row 9: decoding a page of 100 installations, text to values. */
import { InstallationPage } from "@effect-icr/app/domain/Installation"
import { Schema } from "effect"
import type { Row } from "../rows.ts"
import { beside } from "../support/finding.ts"
import { repeatSync } from "../support/loop.ts"
import { compare, type Effort, type Timings } from "../support/measure.ts"
import { bodies } from "../support/wire.ts"
import { installationPage } from "../peers/zodShapes.ts"

/** The fields as the documents print them, and as they were seen on the wire. */
export const kinds = ["printed", "seen"] as const

/** `ours`, `zod` and `JSON.parse` alone. */
export const timings = async (data: (typeof kinds)[number], effort: Effort): Promise<Timings> => {
  const { pages } = await bodies({ installations: 100, behaviour: { pageCap: 100, data } }, 100)
  const [page = ""] = pages
  const decode = Schema.decodeUnknownSync(InstallationPage)
  if (decode(JSON.parse(page)).installations.length !== 100) throw new Error("the page does not hold 100 items")
  if (installationPage.parse(JSON.parse(page)).installations.length !== 100) throw new Error("zod reads other shapes")
  return compare(
    [
      { name: "ours", run: repeatSync(() => decode(JSON.parse(page))) },
      { name: "zod", run: repeatSync(() => installationPage.parse(JSON.parse(page))) },
      { name: "`JSON.parse` alone", run: repeatSync(() => JSON.parse(page)) }
    ],
    { ...effort, by: "processor" }
  )
}

export const run: Row["run"] = async (effort) => {
  const findings = []
  for (const data of kinds) {
    const took = await timings(data, effort)
    const work = `decode 100 installations, fields as ${data}`
    findings.push(
      beside({ row: 9, work, target: { atMost: 2 } }, took, "ours", "zod"),
      beside({ row: 9, work }, took, "ours", "`JSON.parse` alone")
    )
  }
  return findings
}
