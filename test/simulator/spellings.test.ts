/** A path has many spellings. Whatever holds for a route holds for every spelling that the router takes for it. */
import type { Route } from "@effect-icr/simulator/Route"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { launchUnder, withoutChromium } from "./support/foreignName.ts"
import { rawRequest } from "./support/raw.ts"

const skip = withoutChromium("test/simulator/spellings.test.ts")

const foreign = "rebound.example"

/** Spellings of a path that the router takes for it, the plain one first. */
const spellings = (path: string): ReadonlyArray<string> => [
  path,
  `/${path}`,
  `//${path}`,
  `${path}?x=1`,
  `${path};x`,
  `${path}#x`,
  `http://[${path}`,
  ...(path === "/"
    ? ["*", "///?x", "//;x"]
    : [
        `${path}/`,
        path.replaceAll("/", "//"),
        path.toUpperCase(),
        path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
        path.replace(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`)
      ])
]

/** Every kind of route that is the simulator's own and not the registry's. */
const own = [
  ["GET", "/", 200],
  ["HEAD", "/", 200],
  ["HEAD", "/docs", 200],
  ["GET", "/favicon.ico", 204],
  ["GET", "/docs", 200],
  ["GET", "/openapi.json", 200],
  ["GET", "/_simulator/openapi.json", 200],
  ["GET", "/_simulator/apps", 200],
  ["GET", "/_simulator/nothing", 404],
  ["POST", "/_simulator/page", 400],
  ["GET", "/_simulator/page/live", 200],
  ["GET", "/_simulator/page/fault-fields", 400],
  ["GET", "/_simulator/page/assets/frame.css", 200],
  ["POST", "/_simulator/keys/rotate", 200]
] as const

const frameRule = "frame-ancestors 'none'"

/** One request with the control token, so that nothing but the name in `Host` can refuse it. */
const request = Effect.fnUntraced(function* (method: string, target: string, host: string) {
  const { baseUrl, controlToken } = yield* Simulator
  return yield* rawRequest(baseUrl, {
    method,
    target,
    host,
    headers: { authorization: `Bearer ${Redacted.value(controlToken)}`, "content-type": "application/json" },
    body: method === "POST" ? "{}" : ""
  })
})

const authority = Effect.map(Simulator, ({ baseUrl }) => new URL(baseUrl).host)

describe("the simulator's own pages under a foreign name", () => {
  for (const [method, path, status] of own)
    it.live(
      `refuse every spelling of ${method} ${path}`,
      Effect.fnUntraced(function* () {
        const { control, controlToken } = yield* Simulator
        const host = yield* authority
        const keys = yield* control.keys()
        const seen: Array<readonly [string, number, boolean]> = []
        for (const target of spellings(path)) {
          const answer = yield* request(method, target, foreign)
          seen.push([
            target,
            answer.status,
            answer.headers.get("content-security-policy")?.includes(frameRule) ?? false
          ])
          assert.notInclude(answer.text, Redacted.value(controlToken))
        }
        assert.deepStrictEqual(
          seen,
          spellings(path).map((target) => [target, 403, true])
        )
        assert.deepStrictEqual(yield* control.keys(), keys)

        // The same spellings under the simulator's own name. Otherwise a 403 for all would prove nothing.
        for (const target of spellings(path)) {
          const answer = yield* request(method, target, host)
          assert.deepStrictEqual([target, answer.status], [target, status])
          assert.include(answer.headers.get("content-security-policy") ?? "", frameRule, target)
        }
      }, Effect.provide(Simulator.layerServer))
    )

  it.live(
    "refuse it in the request's target and in the header alike",
    Effect.fnUntraced(function* () {
      const host = yield* authority
      for (const [target, header, status] of [
        [`http://${foreign}/`, host, 403],
        [`HTTP://${foreign}//`, host, 403],
        [`http://${host}/`, foreign, 403],
        [`http://${host}//`, foreign, 403],
        ["/", `${host}.${foreign}`, 403],
        ["/", `${foreign}:${host.split(":")[1]}`, 403],
        ["/", "", 403],
        [`http://${host}//`, host, 200],
        ["/", "LOCALHOST:4010", 200],
        ["/", "[::1]", 200]
      ] as const) {
        const answer = yield* request("GET", target, header)
        assert.deepStrictEqual([target, header, answer.status], [target, header, status])
      }
    }, Effect.provide(Simulator.layerServer))
  )
})

describe("the registry's routes", () => {
  it.live(
    "answer to any name in every spelling",
    Effect.fnUntraced(function* () {
      for (const [path, status] of [
        ["/projects", 403],
        ["/app/installations", 401],
        ["/apps/app1/installations/new", 200],
        ["/nothing", 404]
      ] as const) {
        // An app's name, unlike the rest of a path, is given in one case only.
        for (const target of spellings(path).filter((target) => !target.includes("APP1"))) {
          assert.deepStrictEqual([target, (yield* request("GET", target, foreign)).status], [target, status])
        }
      }
    }, Effect.provide(Simulator.layerServer))
  )

  it.live(
    "are counted, faulted and asked for a version in every spelling",
    Effect.fnUntraced(
      function* () {
        const { control } = yield* Simulator
        const route: Route = "GET /projects"
        const targets = spellings("/projects")
        for (const target of targets) {
          yield* control.faults.script(route, [{ _tag: "Status", status: 418 }])
          assert.deepStrictEqual([target, (yield* request("GET", target, foreign)).status], [target, 418])
          // Profile `strict` demands the version header of every registry route.
          assert.deepStrictEqual([target, (yield* request("GET", target, foreign)).status], [target, 400])
        }
        assert.strictEqual(yield* control.requestCount(route), 2 * targets.length)
        assert.isTrue((yield* control.requestLog).every((entry) => entry.route === route))
      },
      Effect.provide(Simulator.layerServerWith({ profile: "strict" }))
    )
  )
})

describe("in a real browser", () => {
  it.live.skipIf(skip)(
    "a page whose name resolves to this machine reads no control token",
    Effect.fnUntraced(
      function* () {
        const { baseUrl, control, controlToken } = yield* Simulator
        const keys = yield* control.keys()
        const browser = yield* Effect.acquireRelease(
          Effect.promise(() => launchUnder(foreign)),
          (browser) => Effect.promise(() => browser.close())
        )
        const page = yield* Effect.promise(() => browser.newPage())
        const { port } = new URL(baseUrl)
        // Any answer of the registry makes the attacker's origin: scripts of the site ran before its name moved here.
        yield* Effect.promise(() => page.goto(`http://${foreign}:${port}/projects`))
        const paths = own.flatMap(([method, path]) => (method === "GET" ? spellings(path) : []))
        const read = (origin: string) =>
          Effect.promise(() =>
            page.evaluate(
              ([from, targets]) =>
                Promise.all(
                  targets.map(async (target) => {
                    const response = await fetch(from + target)
                    return [target, response.status, await response.text()] as const
                  })
                ),
              [origin, paths.filter((target) => target.startsWith("/"))] as const
            )
          )
        const answers = yield* read(`http://${foreign}:${port}`)
        assert.isAbove(answers.length, 50)
        for (const [target, status, text] of answers) {
          assert.deepStrictEqual([target, status], [target, 403])
          assert.notInclude(text, Redacted.value(controlToken))
        }
        // A navigation, which a frame or a new window makes.
        const shown = yield* Effect.promise(() => page.goto(`http://${foreign}:${port}//`))
        assert.strictEqual(shown?.status(), 403)
        assert.notInclude(yield* Effect.promise(() => page.content()), Redacted.value(controlToken))
        assert.deepStrictEqual(yield* control.keys(), keys)

        // The same browser under the simulator's own name, which shows that the pages are there.
        yield* Effect.promise(() => page.goto(`${baseUrl}//`))
        assert.include(yield* Effect.promise(() => page.content()), Redacted.value(controlToken))
      },
      Effect.scoped,
      Effect.provide(Simulator.layerServer)
    )
  )
})
