/** What each answer becomes: status × body × method → one reason, its fields, and the number of requests. */
import { IcrApp, IcrError, idempotent } from "@effect-icr/app"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option, Redacted } from "effect"
import type { HttpClient } from "effect/http"
import { withSimulator } from "../support/app.ts"
import { anyClient, failure, firstId, played, wireOver } from "./support/wire.ts"

type Tag = IcrError["reason"]["_tag"]

const statuses: ReadonlyArray<readonly [status: number, reason: Tag]> = [
  [301, "UnexpectedStatus"],
  [302, "UnexpectedStatus"],
  [304, "UnexpectedStatus"],
  [307, "UnexpectedStatus"],
  [308, "UnexpectedStatus"],
  [400, "BadRequest"],
  [401, "Unauthorized"],
  [402, "UnexpectedStatus"],
  [403, "Forbidden"],
  [404, "NotFound"],
  [405, "BadRequest"],
  [406, "BadRequest"],
  [408, "ServerError"],
  [409, "Conflict"],
  [410, "NotFound"],
  [413, "BadRequest"],
  [415, "BadRequest"],
  [418, "UnexpectedStatus"],
  [422, "BadRequest"],
  [429, "RateLimited"],
  [500, "ServerError"],
  [501, "ServerError"],
  [502, "ServerError"],
  [503, "ServerError"],
  [504, "ServerError"],
  [505, "ServerError"],
  [599, "ServerError"]
]
const transient = new Set([408, 429, 500, 502, 503, 504])

const json = (body: unknown) => JSON.stringify(body)

/** Bodies, and the registry's own words in them. */
const bodies: Readonly<Record<string, readonly [body: string | null, words: ReadonlyArray<string>]>> = {
  "a text": [json({ statusCode: 0, message: "No such thing", error: "Nope" }), ["No such thing"]],
  "a list": [json({ message: ["limit is missing", "page is missing"] }), ["limit is missing", "page is missing"]],
  "no message": [json({ error: "Nope" }), []],
  "a message of another kind": [json({ message: { nested: true } }), []],
  "a list with other things in it": [json({ message: ["a", 1, null, "b"] }), ["a", "b"]],
  HTML: ["<!doctype html><html><body><h1>Oh no</h1></body></html>", []],
  "an empty body": ["", []],
  "no body": [null, []],
  "half a JSON": ['{"message":"No su', []],
  "a JSON that is no object": ["[1,2]", []],
  "bytes that are no UTF-8": ["\u0000\u00ff", []],
  "10 MB": [`{"message":"begins well","filler":"${"a".repeat(10_000_000)}"}`, []]
}

/** Every way to send, and whether it may be done twice. */
const methods: Readonly<
  Record<
    string,
    readonly [
      idempotent: boolean,
      send: (client: HttpClient.HttpClient.With<IcrError>) => Effect.Effect<unknown, IcrError>
    ]
  >
> = {
  GET: [true, (client) => client.get("/things/123")],
  HEAD: [true, (client) => client.head("/things/123")],
  POST: [false, (client) => client.post("/things/123")],
  PUT: [false, (client) => client.put("/things/123")],
  PATCH: [false, (client) => client.patch("/things/123")],
  DELETE: [false, (client) => client.del("/things/123")],
  "POST, idempotent": [true, (client) => idempotent(client.post("/things/123"))]
}

describe("status × body × method", () => {
  for (const [method, [idempotent, send]] of Object.entries(methods)) {
    for (const [kind, [body, words]] of Object.entries(bodies)) {
      // Ten megabytes are heavy: for one status only.
      const rows = kind === "10 MB" ? statuses.filter(([status]) => status === 503) : statuses
      it.effect(`${method} answered with ${kind}: each status is one reason`, () =>
        Effect.forEach(rows, ([status, tag]) => {
          const { layer, sent } = played(() =>
            Effect.sync(() => new Response(status === 304 ? null : body, { status }))
          )
          const attempts = idempotent && transient.has(status) ? 4 : 1
          return Effect.gen(function* () {
            const reason = yield* failure(send(yield* anyClient))
            assert.strictEqual(reason._tag, tag, String(status))
            assert.strictEqual(sent.length, attempts, String(status))
            if (!("registryMessage" in reason)) return yield* Effect.die(reason._tag)
            assert.deepStrictEqual([...reason.registryMessage], status === 304 ? [] : [...words], String(status))
            assert.deepStrictEqual(
              [reason.status, reason.attempts, reason.operation, reason.method, reason.path],
              [status, attempts, "Test.call", method.replace(/,.*/, ""), "/things/{id}"]
            )
            assert.strictEqual(reason.isRetryable, tag === "ServerError" || tag === "RateLimited")
            assert.strictEqual(
              new IcrError({ reason }).mayHaveHappened,
              !idempotent && (tag === "ServerError" || (status >= 300 && status < 400)),
              String(status)
            )
            assert.strictEqual(Duration.toMillis(reason.elapsed) > 0, attempts > 1, String(status))
            assert.match(reason.message, /^Test\.call \([A-Z]+ \/things\/\{id\}\) answered \d{3}[^\n]*\.$/)
            assert.notInclude(reason.message, "undefined")
          }).pipe(Effect.provide(wireOver(layer)))
        })
      )
    }
  }
})

describe("what the words add to the status", () => {
  const rows: ReadonlyArray<readonly [status: number, message: string, reason: Tag, permission?: string]> = [
    [403, "Forbidden resource", "Forbidden"],
    [403, "Missing permission organization_inventory:read", "Forbidden", "organization_inventory:read"],
    [403, "The token needs organization_warehouse", "Forbidden", "organization_warehouse"],
    [403, "This installation has been suspended", "InstallationSuspended"],
    [403, "This app is SUSPENDED by the organization", "InstallationSuspended"],
    [403, "Access was suspended for this installation", "InstallationSuspended"],
    [403, "This project is suspended", "Forbidden"],
    [403, "The organization is suspended. Ask its admin about the installation", "Forbidden"],
    [403, "The unsuspended installation may not do this", "Forbidden"],
    [403, "The access token is missing permission organization_x:read", "Forbidden", "organization_x:read"],
    [403, "The access token is invalid", "Unauthorized"],
    [403, "Access token has expired", "Unauthorized"],
    [401, "Missing permission organization_inventory:read", "Unauthorized"]
  ]
  for (const [status, message, tag, permission] of rows) {
    it.effect(`${status} "${message}" is ${tag}`, () =>
      Effect.gen(function* () {
        const reason = yield* failure((yield* anyClient).get("/things"))
        assert.strictEqual(reason._tag, tag)
        if (reason._tag === "Forbidden") assert.deepStrictEqual(reason.permission, Option.fromUndefinedOr(permission))
        if (permission !== undefined && tag === "Forbidden") assert.include(reason.message, permission)
      }).pipe(Effect.provide(wireOver(played(() => Effect.sync(() => Response.json({ message }, { status }))).layer)))
    )
  }

  const silent: Readonly<Record<string, string>> = {
    HTML: "<!doctype html><html><body>This installation is suspended</body></html>",
    "another field": json({ error: "This installation is suspended", message: "Forbidden resource" }),
    "a message of another kind": json({ message: { text: "This installation is suspended" } })
  }
  for (const [kind, body] of Object.entries(silent)) {
    it.effect(`403 does not speak of a suspension in ${kind}`, () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* failure((yield* anyClient).get("/things")))._tag, "Forbidden")
      }).pipe(Effect.provide(wireOver(played(() => Effect.sync(() => new Response(body, { status: 403 }))).layer)))
    )
  }

  it.effect("a token exchange is about its installation, whatever else the words leave out", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const { control } = yield* Simulator
      const id = yield* firstId
      yield* control.faults.script("POST /app/installations/{installationId}/accessTokens", [
        { _tag: "Status", status: 403, body: { message: "Suspended" } }
      ])
      const reason = yield* reasonOf(app.installationToken(id))
      assert.strictEqual(reason._tag, "InstallationSuspended")
      if (reason._tag === "InstallationSuspended") assert.strictEqual(reason.installationId, id)
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("a suspended project leaves the installation's token where it is", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const { control } = yield* Simulator
      const id = yield* firstId
      const { token } = yield* app.installationToken(id)
      yield* control.faults.probability("GET /projects", 1, {
        _tag: "Status",
        status: 403,
        body: { message: "This project is suspended" }
      })
      assert.strictEqual((yield* failure(app.installationClient(id).get("/projects")))._tag, "Forbidden")
      assert.strictEqual(Redacted.value((yield* app.installationToken(id)).token), Redacted.value(token))
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("words of any length are cut to what a person reads", () =>
    Effect.gen(function* () {
      const reason = yield* failure((yield* anyClient).get("/things"))
      assert.strictEqual(reason._tag, "BadRequest")
      if (reason._tag !== "BadRequest") return
      assert.strictEqual(reason.registryMessage.length, 10)
      assert.isTrue(reason.registryMessage.every((text) => text.length <= 201 && !text.includes("\n")))
    }).pipe(
      Effect.provide(
        wireOver(
          played(() =>
            Effect.sync(() =>
              Response.json({ message: Array.from({ length: 50 }, () => "a word\n".repeat(100)) }, { status: 400 })
            )
          ).layer
        )
      )
    )
  )
})

/** Without passing virtual time: signing the JWT takes real time, which a jump of the clock would not wait for. */
const reasonOf = <A, R>(effect: Effect.Effect<A, IcrError, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

describe("against the simulator", () => {
  it.effect("an installation that is suspended, gone, or another's", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const { control } = yield* Simulator
      const id = yield* firstId
      yield* control.suspend(id)
      const suspended = yield* reasonOf(app.installationToken(id))
      assert.strictEqual(suspended._tag, "InstallationSuspended")
      if (suspended._tag === "InstallationSuspended") assert.strictEqual(suspended.installationId, id)
      yield* control.uninstall(id)
      for (const call of [Effect.asVoid(app.installationToken(id)), Effect.asVoid(app.installation(id))]) {
        const gone = yield* reasonOf(call)
        assert.strictEqual(gone._tag, "InstallationNotFound")
        if (gone._tag === "InstallationNotFound") assert.strictEqual(gone.id, id)
        assert.include(gone.message, id)
      }
      assert.strictEqual((yield* reasonOf(app.appClient.get("/projects/none")))._tag, "NotFound")
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("a token exchange and the DELETE of a token are repeated like a GET", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const { control } = yield* Simulator
      const id = yield* firstId
      yield* app.installationToken(id)
      for (const [route, call] of [
        ["POST /app/accessTokens", app.appToken],
        ["DELETE /app/installations/token", app.revokeInstallationToken(id)]
      ] as const) {
        yield* control.faults.script(
          route,
          [500, 502, 503, 504].map((status) => ({ _tag: "Status", status }))
        )
        assert.strictEqual((yield* failure(call))._tag, "ServerError", route)
        assert.strictEqual(yield* control.requestCount(route), 4, route)
      }
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("truncated JSON and a wrong shape say where and what was expected, never what was there", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const { control } = yield* Simulator
      const id = yield* firstId
      yield* control.faults.script("GET /app/installations/{installationId}", [
        { _tag: "TruncatedJson" },
        { _tag: "HtmlPage", status: 200 },
        { _tag: "Status", status: 200, body: { id, organization: { id: ["a secret"] } } },
        { _tag: "DuplicateFields" }
      ])
      const at: Array<readonly [string, string]> = []
      for (const _ of [1, 2, 3]) {
        const reason = yield* reasonOf(app.installation(id))
        assert.strictEqual(reason._tag, "DecodeFailure")
        if (reason._tag === "DecodeFailure") at.push([reason.at, reason.expected])
        assert.notInclude(reason.message, "a secret")
      }
      assert.deepStrictEqual(at.slice(0, 2), [
        ["", "expected JSON"],
        ["", "expected JSON"]
      ])
      assert.notStrictEqual(at[2]?.[0], "")
      assert.match(at[2]?.[1] ?? "", /^(expected|missing)/)
      // Not an error: the second of two equal fields counts.
      assert.strictEqual((yield* app.installation(id)).id, id)
    }).pipe(Effect.provide(withSimulator()))
  )
})
