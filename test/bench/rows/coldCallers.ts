/**
 * Row 2: many callers at once while nothing is cached. Every caller waits for its token; every exchange is counted.
 *
 * A program runs on fibers or on promises, whatever cache it picks: so the target compares callers of the same kind, 10,000
 * fibers on both sides. The peers called by bare promises are measured as well.
 */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { Deferred, Effect, Schema } from "effect"
import { importPKCS8, SignJWT } from "jose"
import { privateKeyPem } from "../../support/keys.ts"
import type { Row } from "../rows.ts"
import { octokitAuth } from "../peers/octokit.ts"
import { nowhere, ours, overFetch } from "../support/clients.ts"
import { type FakeFetch, fakeFetch } from "../support/fakeFetch.ts"
import { beside, counted, type Finding } from "../support/finding.ts"
import { compare } from "../support/measure.ts"
import { bodies } from "../support/wire.ts"

/** The pattern of google-auth-library by hand: the promise of an exchange under way is what the others wait for. */
const singleFlight = async (appId: string, fetch: typeof globalThis.fetch) => {
  const key = await importPKCS8(privateKeyPem, "RS256")
  const held = new Map<number, { readonly token: string; readonly until: number }>()
  const exchanges = new Map<number, Promise<string>>()
  const exchange = async (id: number) => {
    const now = Math.floor(Date.now() / 1000)
    const jwt = await new SignJWT({ iss: appId, iat: now - 60, exp: now + 540 })
      .setProtectedHeader({ alg: "RS256", typ: "JWT" })
      .sign(key)
    const headers = { authorization: `Bearer ${jwt}`, "x-icr-api-version": "2023-06-16" }
    const answer = await fetch(`${nowhere}/app/installations/${id}/accessTokens`, { method: "POST", headers })
    const { expiresAt, token } = await answer.json()
    held.set(id, { token, until: Date.parse(expiresAt) })
    return token
  }
  return (id: number): Promise<string> => {
    const entry = held.get(id)
    if (entry !== undefined && Date.now() < entry.until) return Promise.resolve(entry.token)
    const underWay = exchanges.get(id) ?? exchange(id).finally(() => exchanges.delete(id))
    exchanges.set(id, underWay)
    return underWay
  }
}

const waitFor = (deferred: Deferred.Deferred<Response> | undefined) =>
  deferred === undefined ? Effect.die("no such installation") : Deferred.await(deferred)

export const run: Row["run"] = async (effort) => {
  const { appId, installationIds, token } = await bodies({ installations: 1000 }, 50)
  const ids = await Effect.runPromise(Schema.decodeUnknownEffect(Schema.Array(InstallationId))(installationIds))
  const findings: Array<Finding> = []

  for (const installations of [1, effort.quick === true ? 100 : 1000]) {
    const callers = Array.from({ length: installations === 1 ? 10_000 : installations * 10 }, (_, index) => index)
    const exchanges = new Map<string, Array<number>>()

    // So short a piece of work is done several times in each round, else it would be chance who has to collect the garbage.
    const times = installations > 1 ? 1 : effort.quick === true ? 3 : 10

    /** Rounds of 10,000 callers, each on a new cache; the caches are made before the time is taken. */
    const contender = (
      name: string,
      prepare: (registry: FakeFetch) => Promise<() => Promise<ReadonlyArray<unknown>>>
    ) => {
      const counts: Array<number> = []
      exchanges.set(name, counts)
      const next = async () => {
        const registry = fakeFetch(token)
        return { registry, go: await prepare(registry) }
      }
      let ready: ReadonlyArray<Awaited<ReturnType<typeof next>>> = []
      return {
        name,
        prepare: async () => {
          ready = await Promise.all(Array.from({ length: times }, next))
        },
        run: async () => {
          for (const { go, registry } of ready) {
            const got = await go()
            if (got.length !== callers.length) throw new Error(`${got.length} callers were served`)
            counts.push(registry.exchanges())
          }
        }
      }
    }

    const onFibers = <E>(call: (caller: number) => Effect.Effect<unknown, E>) =>
      Effect.forEach(callers, call, { concurrency: "unbounded" })

    /** A peer called the way a program on promises calls it, and the way a program on Effect does. */
    const onPromisesAndFibers = (
      name: string,
      prepare: (registry: FakeFetch) => Promise<(caller: number) => Promise<unknown>>
    ) => [
      contender(name, async (registry) => {
        const call = await prepare(registry)
        return () => Promise.all(callers.map(call))
      }),
      contender(`${name}, called from fibers`, async (registry) => {
        const call = await prepare(registry)
        return () => Effect.runPromise(onFibers((caller) => Effect.promise(() => call(caller))))
      })
    ]

    const rounds = await compare(
      [
        contender("ours", async (registry) => {
          const { app, runtime } = await ours(appId, overFetch(registry.fetch))
          const idOf = (caller: number) => ids[caller % installations] ?? Effect.runSync(Effect.die("no such caller"))
          return () => runtime.runPromise(onFibers((caller) => app.installationToken(idOf(caller))))
        }),
        contender("one `Deferred` for all", async ({ fetch }) => {
          const done = Array.from({ length: installations }, () => Deferred.makeUnsafe<Response>())
          return () =>
            Effect.runPromise(
              Effect.gen(function* () {
                for (const [index, deferred] of done.entries()) {
                  const path = `${nowhere}/app/installations/${index}/accessTokens`
                  const answer = Effect.promise(() => fetch(path, { method: "POST" }))
                  yield* Effect.forkChild(Deferred.complete(deferred, answer))
                }
                return yield* onFibers((caller) => waitFor(done[caller % installations]))
              })
            )
        }),
        ...onPromisesAndFibers("@octokit/auth-app", async (registry) => {
          const auth = octokitAuth(appId, registry.fetch)
          return (caller) => auth({ type: "installation", installationId: (caller % installations) + 1 })
        }),
        ...onPromisesAndFibers("single flight by hand", async (registry) => {
          const tokenOf = await singleFlight(appId, registry.fetch)
          return (caller) => tokenOf(caller % installations)
        })
      ],
      { ...effort, millis: 0 }
    )
    const timings = new Map([...rounds].map(([name, samples]) => [name, samples.map((nanos) => nanos / times)]))
    const work = `${callers.length.toLocaleString("en")} cold callers for ${installations.toLocaleString("en")} installation${installations === 1 ? "" : "s"}`
    for (const [name, counts] of exchanges) {
      if (name.startsWith("one ") || name.endsWith("fibers")) continue
      findings.push(counted({ row: 2, work, by: name, wanted: name === "ours" ? installations : undefined }, counts))
    }
    findings.push(
      beside({ row: 2, work, target: { atMost: 1 } }, timings, "ours", "@octokit/auth-app, called from fibers"),
      beside({ row: 2, work }, timings, "ours", "single flight by hand, called from fibers"),
      beside({ row: 2, work }, timings, "ours", "@octokit/auth-app"),
      beside({ row: 2, work }, timings, "ours", "single flight by hand"),
      beside({ row: 2, work: `${work}, fibers that only wait` }, timings, "ours", "one `Deferred` for all")
    )
  }
  return findings
}
