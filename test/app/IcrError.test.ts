/** The error itself: its messages, its JSON, and whether a write may have happened. */
import { IcrApp, IcrError, IcrReason } from "@effect-icr/app"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Match, Option, Schema } from "effect"
import { inspect } from "node:util"
import { withSimulator } from "../support/app.ts"
import { failure, firstId } from "./support/wire.ts"

describe("IcrError", () => {
  const called = { operation: "IcrApp.x", method: "GET", path: "/x", idempotent: true }
  const call = { ...called, attempts: 1, elapsed: Duration.seconds(1) }
  const answer = { ...call, status: 400, registryMessage: ["why not"] }
  const retryAfter = Option.some(Duration.seconds(7))
  const notSent = { ...call, attempts: 0, registryMessage: [] }
  const every: ReadonlyArray<IcrReason.IcrReason> = [
    new IcrReason.BadRequest(answer),
    new IcrReason.Unauthorized({ ...answer, tried: "newToken" }),
    new IcrReason.Forbidden({ ...answer, permission: Option.some("organization_info:read"), tried: "nothing" }),
    ...IcrReason.Tried.literals.map((tried) => new IcrReason.Unauthorized({ ...answer, tried })),
    new IcrReason.Forbidden({ ...notSent, permission: Option.none(), tried: "nothing" }),
    new IcrReason.RateLimited({ ...notSent, retryAfter }),
    new IcrReason.NotFound(answer),
    new IcrReason.InstallationSuspended({ ...answer, installationId: "i-1" }),
    new IcrReason.InstallationNotFound({ ...answer, id: "i-1" }),
    new IcrReason.Conflict(answer),
    new IcrReason.RateLimited({ ...answer, retryAfter }),
    new IcrReason.ServerError({ ...answer, retryAfter: Option.none() }),
    new IcrReason.UnexpectedStatus(answer),
    new IcrReason.DecodeFailure({ ...call, status: 200, at: "a.b", expected: "expected a string" }),
    ...IcrReason.TransportKind.literals.map((kind) => new IcrReason.Transport({ ...call, kind, code: Option.none() })),
    new IcrReason.Timeout({ ...call, of: "attempt", limit: Duration.seconds(10) }),
    new IcrReason.Timeout({ ...call, of: "call", limit: Duration.seconds(30) }),
    new IcrReason.Timeout({ ...call, attempts: 0, of: "call", limit: Duration.seconds(30) }),
    new IcrReason.Signing({ detail: "the KMS is away" }),
    new IcrReason.Configuration({ variable: "ICR_APP_ID", detail: "is missing" }),
    new IcrReason.InvalidRequest({ operation: "IcrApp.x", detail: "the path contains '..'" }),
    new IcrReason.ClockSkew({ operation: "IcrApp.x", expiredFor: Duration.minutes(5) })
  ]

  /** Does not compile when a reason is missing. */
  const advice = Match.type<IcrReason.IcrReason>().pipe(
    Match.tagsExhaustive({
      BadRequest: () => "request",
      Unauthorized: () => "credential",
      Forbidden: () => "permission",
      NotFound: () => "id",
      InstallationSuspended: () => "wait for the organization",
      InstallationNotFound: () => "forget",
      Conflict: () => "read again",
      RateLimited: ({ retryAfter }) => Option.match(retryAfter, { onNone: () => "later", onSome: Duration.format }),
      ServerError: () => "later",
      UnexpectedStatus: () => "base URL",
      DecodeFailure: ({ at }) => at,
      Transport: ({ kind }) => kind,
      Timeout: ({ of }) => of,
      Signing: () => "signer",
      Configuration: ({ variable }) => variable,
      InvalidRequest: () => "request",
      ClockSkew: () => "clock"
    })
  )

  it("has one sentence for every reason, and every reason a place in an exhaustive match", () => {
    for (const reason of every) {
      const error = new IcrError({ reason })
      assert.strictEqual(error.message, reason.message)
      assert.match(error.message, /^\S[^\n]{20,250}\.$/)
      assert.notMatch(error.message, /undefined|\[object|\.\.$|\. [A-Z]/)
      assert.isString(advice(reason))
      assert.strictEqual(error.isRetryable, reason.isRetryable)
      assert.isFalse(error.mayHaveHappened, reason._tag)
    }
    assert.strictEqual(new Set(every.map(({ _tag }) => _tag)).size, IcrReason.IcrReason.members.length)
  })

  it("shows its message first wherever it is printed", () => {
    const error = new IcrError({ reason: new IcrReason.NotFound(answer) })
    const printed = inspect(error)
    assert.match(printed, /^\{\s+message: /)
    assert.include(printed, error.message)
    assert.strictEqual(Object.keys(JSON.parse(JSON.stringify(error)))[0], "message")
    assert.strictEqual(JSON.parse(JSON.stringify({ error })).error.message, error.message)
    assert.include(String(error), error.message)
    assert.include(String(error.stack).split("\n    at ")[0], error.message)
  })

  it("names what was tried about a refused credential, and no status where nothing was sent", () => {
    assert.include(new IcrReason.Unauthorized({ ...answer, tried: "newJwt" }).message, "(also with a new JWT")
    assert.notInclude(new IcrReason.Unauthorized({ ...answer, tried: "nothing" }).message, "(also")
    const { message } = new IcrReason.RateLimited({ ...notSent, retryAfter })
    assert.strictEqual(message, "IcrApp.x (GET /x) sent nothing: the registry asked to wait; try again in 7 s.")
  })

  it("says of a write whether it may have been done: what went out and was not answered, or not to be read", () => {
    const write = { ...call, method: "POST", idempotent: false }
    const limit = Duration.seconds(30)
    const rows: ReadonlyArray<readonly [IcrReason.IcrReason, boolean]> = [
      [new IcrReason.Timeout({ ...write, of: "attempt", limit }), true],
      [new IcrReason.Timeout({ ...write, of: "call", limit }), true],
      [new IcrReason.Timeout({ ...write, attempts: 0, of: "call", limit }), false],
      [new IcrReason.Timeout({ ...write, idempotent: true, of: "call", limit }), false],
      [new IcrReason.DecodeFailure({ ...write, status: 200, at: "", expected: "expected JSON" }), true],
      [new IcrReason.ServerError({ ...answer, ...write, status: 408, retryAfter: Option.none() }), true],
      [new IcrReason.RateLimited({ ...answer, ...write, status: 429, retryAfter }), false],
      [new IcrReason.Conflict({ ...answer, ...write, status: 409 }), false]
    ]
    for (const [reason, expected] of rows) {
      assert.strictEqual(new IcrError({ reason }).mayHaveHappened, expected, reason.message)
      const codec = Schema.toCodecJson(IcrError)
      const kept = JSON.stringify(Schema.encodeSync(codec)(new IcrError({ reason })))
      assert.strictEqual(Schema.decodeUnknownSync(codec)(JSON.parse(kept)).mayHaveHappened, expected, reason.message)
    }
  })

  it.effect("a write whose token could not be had was not sent, and cannot have been done", () =>
    Effect.gen(function* () {
      const { appClient, installationPage } = yield* IcrApp
      const { control } = yield* Simulator
      // Signs the JWT, which takes real time.
      yield* installationPage({ limit: 1, page: 0 })
      yield* control.faults.probability("POST /app/accessTokens", 1, { _tag: "Status", status: 503 })
      const reason = yield* failure(appClient.post("/projects"))
      assert.strictEqual(reason._tag, "ServerError")
      assert.isFalse(new IcrError({ reason }).mayHaveHappened)
    }).pipe(Effect.provide(withSimulator()))
  )

  it("survives JSON, so that a job queue can keep it", () => {
    const codec = Schema.toCodecJson(IcrError)
    for (const reason of every) {
      const error = new IcrError({ reason })
      const text = JSON.stringify(Schema.encodeSync(codec)(error))
      const back = Schema.decodeUnknownSync(codec)(JSON.parse(text))
      assert.deepStrictEqual([back.reason._tag, back.message], [reason._tag, error.message])
    }
  })

  it.effect("catchReason takes one reason and leaves the others", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const { control } = yield* Simulator
      const id = yield* firstId
      const call = app.installationToken(id).pipe(
        Effect.as("token"),
        Effect.catchReason("IcrError", "InstallationSuspended", ({ installationId }) => Effect.succeed(installationId))
      )
      yield* control.suspend(id)
      assert.strictEqual(yield* call, id)
      yield* control.uninstall(id)
      const error = yield* Effect.flip(call)
      assert.strictEqual(error.reason._tag, "InstallationNotFound")
      assert.strictEqual(yield* Effect.catchTag(call, "IcrError", ({ _tag }) => Effect.succeed(_tag)), "IcrError")
    }).pipe(Effect.provide(withSimulator()))
  )
})
