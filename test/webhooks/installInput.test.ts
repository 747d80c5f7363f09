import { IcrApp } from "@effect-icr/app/IcrApp"
import { InstallFlow, type InstallUrlOptions } from "@effect-icr/webhooks/InstallFlow"
import { InstallError } from "@effect-icr/webhooks/InstallError"
import { WebhookError } from "@effect-icr/webhooks/WebhookError"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Option, Redacted, Schema } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { TestClock } from "effect/testing"
import { first, flow, session, stateSecret } from "./support/install.ts"

const callback = (link: URL, installationId: string) =>
  `/callback?${new URLSearchParams({ installationId, state: link.searchParams.get("state") ?? "" })}`

/** What became of a call: "good", the kind of the refusal, or a defect. */
const outcomeOf = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return "good"
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  if (error instanceof InstallError) return error.kind
  return error === undefined ? `defect: ${Cause.pretty(exit.cause)}` : String(error)
}

const linked = Effect.fnUntraced(function* (given: { readonly [K in keyof InstallUrlOptions]?: unknown }) {
  const { installUrl } = yield* InstallFlow
  return yield* Effect.exit(installUrl({ appNameId: "app1", session, ...given } as InstallUrlOptions))
})

describe("the state of an install link", () => {
  for (const [name, longest] of [
    ["letters, a byte each", "x".repeat(2000)],
    ["letters of two bytes", "þ".repeat(1000)],
    ["letters of three bytes", "中".repeat(666)],
    ["letters of four bytes", "🌱".repeat(500)],
    ["quotes, which JSON escapes", '"'.repeat(1000)],
    ["control characters, of six bytes in JSON", "\u0001".repeat(333)],
    ["halves of surrogate pairs", "\ud800".repeat(333)]
  ] as const) {
    it.effect(`takes as much as the callback gives back, and not one more: ${name}`, () =>
      Effect.gen(function* () {
        const { installUrl, verifyCallback } = yield* InstallFlow
        const appNameId = "a".repeat(200)
        const link = yield* installUrl({ appNameId, session, state: longest })
        const found = yield* Effect.exit(verifyCallback(callback(link, yield* first), { session }))
        // The name is as long as it may be, and not that of the simulator's app: everything about the state is checked by then.
        assert.strictEqual(outcomeOf(found), "installationForeign")
        const good = yield* installUrl({ appNameId: "app1", session, state: longest })
        const { state } = yield* verifyCallback(callback(good, yield* first), { session })
        assert.deepStrictEqual(state, Option.some(longest))
        const [more = ""] = longest
        assert.include(outcomeOf(yield* linked({ state: longest + more + more + more })), "2000 bytes")
      }).pipe(Effect.provide(flow()))
    )
  }

  const State = Schema.String.check(Schema.isMaxLength(2100))
  it.effect.prop(
    "is never accepted and then refused",
    { state: State, repeat: Schema.Literals([1, 7, 50, 300]) },
    Effect.fn(function* ({ repeat, state }) {
      const { verifyCallback } = yield* InstallFlow
      const exit = yield* linked({ state: state.repeat(repeat) })
      if (Exit.isFailure(exit)) return assert.include(outcomeOf(exit), "2000 bytes")
      if (!(exit.value instanceof URL)) return assert.fail("no link")
      const found = yield* verifyCallback(callback(exit.value, yield* first), { session })
      assert.deepStrictEqual(found.state, Option.some(state.repeat(repeat)))
    }, Effect.provide(flow())),
    { arbitrary: { runs: 60 } }
  )

  it.effect("and everything else of a link has to be text", () =>
    Effect.gen(function* () {
      for (const bad of [7, null, {}, ["/credits"]]) {
        for (const given of [{ state: bad }, { appNameId: bad }, { session: bad }]) {
          assert.include(outcomeOf(yield* linked(given)), Object.keys(given)[0] ?? "")
        }
      }
      assert.include(outcomeOf(yield* linked({ appNameId: undefined })), "appNameId")
    }).pipe(Effect.provide(flow()))
  )
})

describe("a session that is none", () => {
  for (const none of [
    undefined,
    null,
    "",
    " ",
    "undefined",
    "null",
    7,
    Redacted.make(""),
    Redacted.make("undefined")
  ]) {
    it.effect(
      `makes no link and verifies no callback: ${Redacted.isRedacted(none) ? Redacted.value(none) : none}`,
      () =>
        Effect.gen(function* () {
          const { installUrl, verifyCallback } = yield* InstallFlow
          assert.include(outcomeOf(yield* linked({ session: none })), "session")
          const url = callback(yield* installUrl({ appNameId: "app1", session }), yield* first)
          const refused = yield* Effect.exit(verifyCallback(url, { session: none as string }))
          assert.strictEqual(outcomeOf(refused), "sessionMissing")
          // The state is not used up: the same browser may come again with its cookie.
          yield* verifyCallback(url, { session })
        }).pipe(Effect.provide(flow()))
    )
  }
})

describe("installedAfterLink", () => {
  const madeBefore = Effect.fnUntraced(function* (millis: number) {
    const { installUrl, verifyCallback } = yield* InstallFlow
    const { control } = yield* Simulator
    yield* TestClock.setTime(1_800_000_000_000)
    const { id } = yield* control.install({ fullName: "Somebody else's" })
    yield* TestClock.adjust(millis)
    const link = yield* installUrl({ appNameId: "app1", session })
    return (yield* verifyCallback(callback(link, id), { session })).installedAfterLink
  })

  for (const [clockTolerance, millis, expected] of [
    [undefined, 60_000, true],
    [undefined, 62_000, false],
    ["5 seconds", 5_000, true],
    ["5 seconds", 7_000, false],
    [0, 2_000, false],
    ["5 minutes", 290_000, true]
  ] as const) {
    it.effect(`of an installation made ${millis} ms before the link, tolerating ${clockTolerance}: ${expected}`, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* madeBefore(millis), expected)
      }).pipe(Effect.provide(flow({ clockTolerance })))
    )
  }

  it.effect("is true for all under a clock of 1970", () =>
    Effect.gen(function* () {
      const { installUrl, verifyCallback } = yield* InstallFlow
      const link = yield* installUrl({ appNameId: "app1", session })
      assert.isTrue((yield* verifyCallback(callback(link, yield* first), { session })).installedAfterLink)
    }).pipe(Effect.provide(flow()))
  )

  it.effect("needs a tolerance that has an end", () =>
    Effect.gen(function* () {
      for (const clockTolerance of [Infinity, -1, Number.NaN]) {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(flow({ clockTolerance }))))
        assert.include(String(error), "clockTolerance")
      }
    })
  )
})

describe("an error that no route maps", () => {
  for (const [error, status] of [
    [new InstallError({ kind: "stateForged" }), 400],
    [new InstallError({ kind: "stateUnchecked" }), 503],
    [new WebhookError({ kind: "signatureMismatch" }), 403],
    [new WebhookError({ kind: "bodyTooLarge" }), 413]
  ] as const) {
    it.live(`answers with its own status: ${error.kind}`, () =>
      Effect.gen(function* () {
        const { dispose, handler } = HttpRouter.toWebHandler(
          HttpRouter.add("GET", "/callback", Effect.fail(error)).pipe(Layer.provideMerge(HttpServer.layerServices)),
          { disableLogger: true }
        )
        const answer = yield* Effect.promise(() => handler(new Request("http://x.test/callback")))
        assert.deepStrictEqual([answer.status, yield* Effect.promise(() => answer.text())], [status, error.kind])
        yield* Effect.promise(dispose)
      })
    )
  }

  it.live("of verifyCallback, in a route", () =>
    Effect.gen(function* () {
      const route = HttpRouter.add(
        "GET",
        "/callback",
        Effect.gen(function* () {
          const { verifyCallback } = yield* InstallFlow
          yield* verifyCallback("/callback?state=x.y&installationId=1", { session })
          return yield* Effect.die("verified")
        }).pipe(Effect.catchTag("IcrError", Effect.die))
      ).pipe(
        Layer.provideMerge(InstallFlow.layerWith({ stateSecret })),
        Layer.provide(IcrApp.layerTest({})),
        Layer.provideMerge(HttpServer.layerServices)
      )
      const { dispose, handler } = HttpRouter.toWebHandler(route, { disableLogger: true })
      const answer = yield* Effect.promise(() => handler(new Request("http://x.test/callback")))
      assert.deepStrictEqual([answer.status, yield* Effect.promise(() => answer.text())], [400, "stateMalformed"])
      yield* Effect.promise(dispose)
    })
  )
})
