/**
 * A registry in the same process behind `fetch`, for rows about what the client itself costs: it hands out tokens at the
 * next turn of the event loop and counts what it was asked for.
 */

/** A `fetch` that gives tokens. */
export interface FakeFetch {
  readonly fetch: typeof globalThis.fetch
  /** Exchanges answered so far. */
  readonly exchanges: () => number
}

const soon = () => new Promise<void>((resolve) => setImmediate(resolve))

/** `template` is the body of a token answer; each installation gets its own token that lives for two hours. */
export const fakeFetch = (template: string): FakeFetch => {
  const shape: object = JSON.parse(template)
  let exchanges = 0
  return {
    exchanges: () => exchanges,
    fetch: async (input) => {
      const url = input instanceof Request ? input.url : String(input)
      const installationId = /installations\/([^/]+)\/access/.exec(url)?.[1] ?? ""
      const token = `crs_${(exchanges++).toString(16).padStart(48, "0")}`
      await soon()
      const now = Date.now()
      const expires = new Date(now + 7_200_000).toISOString()
      // octokit reads the names of the registry it was written for
      const body = {
        ...shape,
        installationId,
        token,
        expiresAt: expires,
        expires_at: expires,
        repository_selection: "all"
      }
      return Response.json(body, { status: 201, headers: { date: new Date(now).toUTCString() } })
    }
  }
}
