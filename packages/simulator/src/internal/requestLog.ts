/** Keeps the last requests and counts all of them. */
import type { RequestEntry } from "../RequestLog.ts"

/** Kind of credential in the header `authorization`. */
export const credentialOf = (authorization: string | undefined): RequestEntry["credential"] => {
  if (authorization === undefined) return "none"
  const [scheme, credential] = authorization.split(/ +/, 2)
  if (scheme?.toLowerCase() !== "bearer" || credential === undefined) return "other"
  return credential.split(".").length === 3 ? "jwt" : "token"
}

/** What is known of a request once it is over. */
export type Outcome = Pick<RequestEntry, "requestBody" | "status" | "durationMillis" | "responseBody">

const waiting: Outcome = { requestBody: null, status: null, durationMillis: null, responseBody: null }

/** Creates a ring of the last `capacity` entries with a count of all requests by route. */
export const make = (capacity: number) => {
  let ring: Array<RequestEntry> = []
  let total = 0
  const counts = new Map<string, number>()
  return {
    /** Adds a request at its arrival. The returned function adds what became of it. */
    open: (request: Omit<RequestEntry, "number" | keyof Outcome>) => {
      const number = ++total
      if (request.route !== null) counts.set(request.route, (counts.get(request.route) ?? 0) + 1)
      const position = (number - 1) % capacity
      if (capacity > 0) ring[position] = { ...request, number, ...waiting }
      return (outcome: Outcome) => {
        const entry = ring[position]
        if (entry?.number === number) ring[position] = { ...entry, ...outcome }
      }
    },
    entries: (): ReadonlyArray<RequestEntry> => ring.toSorted((a, b) => a.number - b.number),
    count: (route: string | undefined) => (route === undefined ? total : (counts.get(route) ?? 0)),
    clear: () => {
      ring = []
      total = 0
      counts.clear()
    }
  }
}
export type RequestLog = ReturnType<typeof make>
