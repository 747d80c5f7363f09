/** Row 1: reading a token that is in the cache. */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { Clock, Effect, Schema } from "effect"
import type { Row } from "../rows.ts"
import { octokitAuth } from "../peers/octokit.ts"
import { ours, overFetch } from "../support/clients.ts"
import { fakeFetch } from "../support/fakeFetch.ts"
import { beside } from "../support/finding.ts"
import { repeatAsync, repeatEffect } from "../support/loop.ts"
import { compare } from "../support/measure.ts"
import { bodies } from "../support/wire.ts"

/** The least that a program on Effect could write: a map, and a look at the clock. */
const bareMap = (ids: ReadonlyArray<string>) => {
  const map = new Map(ids.map((id) => [id, { token: `crs_${id}`, until: Date.now() + 3_600_000 }]))
  return (id: string) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const held = map.get(id)
      return held !== undefined && now < held.until ? Effect.succeed(held) : Effect.die("there is no token")
    })
}

export const run: Row["run"] = async (effort) => {
  const { appId, installationIds, token } = await bodies({ installations: 64 }, 50)
  const ids = await Effect.runPromise(Schema.decodeUnknownEffect(Schema.Array(InstallationId))(installationIds))
  const { fetch } = fakeFetch(token)
  const { app, runtime } = await ours(appId, overFetch(fetch))
  const auth = octokitAuth(appId, fetch)
  const bare = bareMap(ids)
  // octokit's ids are numbers
  for (const [index, id] of ids.entries()) {
    await runtime.runPromise(app.installationToken(id))
    await auth({ type: "installation", installationId: index + 1 })
  }
  const findings = []
  for (const width of [1, 64]) {
    const idOf = (index: number) => ids[index % width] ?? Effect.runSync(Effect.die("there are 64 ids"))
    const timings = await compare(
      [
        {
          name: "ours",
          run: (operations) =>
            Effect.runPromise(repeatEffect(width, operations, (index) => app.installationToken(idOf(index))))
        },
        {
          name: "a bare `Map` and the clock",
          run: (operations) => Effect.runPromise(repeatEffect(width, operations, (index) => bare(idOf(index))))
        },
        {
          name: "@octokit/auth-app",
          run: repeatAsync(width, (index) => auth({ type: "installation", installationId: (index % width) + 1 }))
        }
      ],
      { ...effort, by: "processor" }
    )
    const work = width === 1 ? "cached token, one fiber" : `cached tokens, ${width} fibers`
    findings.push(
      beside({ row: 1, work, target: { fasterBy: 3 } }, timings, "ours", "@octokit/auth-app"),
      beside({ row: 1, work, target: { atMost: 2 } }, timings, "ours", "a bare `Map` and the clock")
    )
  }
  return findings
}
