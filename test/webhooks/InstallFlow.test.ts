import { DeduplicationStoreError } from "@effect-icr/app/DeduplicationStore"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { apiBaseUrls } from "@effect-icr/app/IcrConfig"
import type { IcrError } from "@effect-icr/app/IcrError"
import type { InstallError } from "@effect-icr/webhooks/InstallError"
import { InstallFlow, type Options } from "@effect-icr/webhooks/InstallFlow"
import { InstallStates } from "@effect-icr/webhooks/InstallStates"
import { Simulator, type SimulatorOptions } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Exit, Fiber, Layer, Option, Queue, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { withSimulator } from "../support/app.ts"

const stateSecret = Redacted.make("state-secret-for-tests-0123456789abcdef")

const flow = (options: Options = {}, simulator: SimulatorOptions = {}) =>
  InstallFlow.layerWith({ stateSecret, ...options }).pipe(
    Layer.provideMerge(withSimulator(simulator, { http: { retry: false } }))
  )

/** A flow that reads this environment, over an app that is not asked for anything. */
const inEnvironment = <E>(layer: Layer.Layer<InstallFlow, E, IcrApp>, env: Record<string, string>) =>
  layer.pipe(Layer.provide(IcrApp.layerTest({})), Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))

const kindOf = (error: InstallError | IcrError) => (error._tag === "InstallError" ? error.kind : error.reason._tag)

/** Tells that a claim was asked for. */
const asked = Effect.runSync(Queue.unbounded<true>())

const session = "the session cookie of one browser"

const begin = Effect.fnUntraced(function* (state?: string) {
  const { installUrl } = yield* InstallFlow
  return yield* installUrl({ appNameId: "app1", session, state })
})

/** The callback that the registry would send the browser to. */
const callback = (link: URL, installationId: string, more: Record<string, string> = {}) => {
  const url = new URL("https://app.example.com/callback")
  url.searchParams.set("installationId", installationId)
  url.searchParams.set("state", link.searchParams.get("state") ?? "")
  for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value)
  return url
}

const refusalOf = Effect.fnUntraced(function* (url: string | URL, as: string = session) {
  const { verifyCallback } = yield* InstallFlow
  return kindOf(yield* Effect.flip(verifyCallback(url, { session: as })))
})

const first = Effect.flatMap(Simulator, ({ installationIds }) => Effect.map(installationIds, ([id = ""]) => id))

describe("InstallFlow.installUrl", () => {
  it.effect("leads to the environment's install page, with everything encoded", () =>
    Effect.gen(function* () {
      for (const [baseUrl, uiBaseUrl, base] of [
        [apiBaseUrls.production, undefined, "https://app.carbonregistry.com"],
        [apiBaseUrls.sandbox, undefined, "https://sandbox-app.carbonregistry.com"],
        ["http://127.0.0.1:4010", undefined, "http://127.0.0.1:4010"],
        [apiBaseUrls.production, "https://app.example.com/", "https://app.example.com"]
      ] as const) {
        const redirectUri = "https://app.example.com/callback?a=b&c=d e"
        const url = yield* Effect.flatMap(InstallFlow, ({ installUrl }) =>
          installUrl({ appNameId: "app1", session, redirectUri })
        ).pipe(
          Effect.provide(
            InstallFlow.layerWith({ stateSecret, uiBaseUrl }).pipe(Layer.provide(IcrApp.layerTest({ baseUrl })))
          )
        )
        assert.strictEqual(`${url.origin}${url.pathname}`, `${base}/apps/app1/installations/new`)
        assert.strictEqual(url.searchParams.get("redirectUri"), redirectUri)
        assert.notInclude(url.search, redirectUri)
        assert.match(url.searchParams.get("state") ?? "", /^[\w-]+\.[\w-]{43}$/)
      }
    })
  )

  it.effect("lets neither the session nor the secret travel", () =>
    Effect.gen(function* () {
      const link = yield* begin("/after")
      const [note = ""] = (link.searchParams.get("state") ?? "").split(".")
      const text = Buffer.from(note, "base64url").toString()
      assert.include(text, "/after")
      assert.notInclude(text, session)
      assert.notInclude(link.href, Redacted.value(stateSecret))
    }).pipe(Effect.provide(flow()))
  )

  it.effect("refuses what would make a bad link", () =>
    Effect.gen(function* () {
      const { installUrl } = yield* InstallFlow
      for (const bad of [
        { appNameId: "app1", session: "" },
        { appNameId: "", session },
        { appNameId: "../admin", session },
        { appNameId: "..", session },
        { appNameId: "app1", session, state: "x".repeat(2001) },
        { appNameId: "app1", session, redirectUri: "/callback" },
        { appNameId: "app1", session, redirectUri: "javascript:alert(1)" }
      ]) {
        assert.strictEqual(kindOf(yield* Effect.flip(installUrl(bad))), "InvalidRequest")
      }
    }).pipe(Effect.provide(flow()))
  )

  it.effect("is not built with a weak secret, or with none", () =>
    Effect.gen(function* () {
      for (const stateSecret of [[], Redacted.make(""), Redacted.make("x".repeat(31))]) {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(flow({ stateSecret }))))
        assert.include(String(error), "stateSecret")
      }
    })
  )
})

describe("the secret of install states", () => {
  const build = <E>(layer: Layer.Layer<InstallFlow, E>) => Effect.scoped(Layer.build(layer))

  it.effect("comes from ICR_STATE_SECRET, or from a Config", () =>
    Effect.gen(function* () {
      const env = { ICR_STATE_SECRET: "e".repeat(32), MY_SECRET: "m".repeat(32) }
      yield* build(inEnvironment(InstallFlow.layer, env))
      yield* build(inEnvironment(InstallFlow.layerWith({ stateLife: "1 hour" }), env))
      const fromConfig = InstallFlow.layerConfig({ stateSecret: Config.Redacted("MY_SECRET") })
      yield* build(inEnvironment(fromConfig, env))
      const link = yield* begin().pipe(Effect.provide(inEnvironment(fromConfig, env)))
      const foreign = callback(link, "1")
      const given = inEnvironment(InstallFlow.layerWith({ stateSecret: Redacted.make("m".repeat(32)) }), {})
      // Past the signature: the app, which the double has no answer from, is asked for the installation.
      const exit = yield* Effect.exit(Effect.provide(refusalOf(foreign), given))
      assert.isTrue(Exit.hasDies(exit))
      assert.strictEqual(
        yield* refusalOf(foreign).pipe(Effect.provide(inEnvironment(InstallFlow.layer, env))),
        "stateForged"
      )
    })
  )

  it.effect("is refused by the name of its variable when it is missing, empty or too short", () =>
    Effect.gen(function* () {
      for (const env of [{}, { ICR_STATE_SECRET: "" }, { ICR_STATE_SECRET: "x".repeat(31) }]) {
        const error = yield* Effect.flip(build(inEnvironment(InstallFlow.layer, env)))
        assert.strictEqual(error.reason._tag, "Configuration")
        assert.match(error.message, /^ICR_STATE_SECRET: /)
        assert.notInclude(error.message, "xxxxx")
      }
      const error = yield* Effect.flip(
        build(inEnvironment(InstallFlow.layerConfig({ stateSecret: Config.Redacted("MY_SECRET") }), {}))
      )
      assert.match(error.message, /^MY_SECRET: /)
    })
  )
})

describe("InstallFlow's stateLife", () => {
  it.effect("has to have an end, and may be a fraction of a millisecond", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.scoped(Layer.build(flow({ stateLife: Infinity }))))
      assert.include(String(error), "stateLife")
      yield* Effect.provide(begin(), flow({ stateLife: 0.5 }))
    })
  )
})

describe("InstallFlow.verifyCallback", () => {
  it.effect("returns the installation with its organization and what was granted and what is missing", () =>
    Effect.gen(function* () {
      const { verifyCallback } = yield* InstallFlow
      const { control } = yield* Simulator
      const link = yield* begin("/after?x=1")
      yield* TestClock.adjust("14 minutes")
      const made = yield* control.install({
        fullName: "New Market",
        permissions: { organization_info: "VIEW", organization_inventory: "REQUEST", organization_warehouse: "WRITE" }
      })
      const verified = yield* verifyCallback(callback(link, made.id, { event: "installed" }), {
        session: Redacted.make(session),
        required: {
          organization_info: "VIEW",
          organization_inventory: "WRITE",
          organization_warehouse: "VIEW",
          organization_members: "VIEW",
          examiner: "SPECIAL"
        }
      })
      assert.strictEqual(verified.installation.id, made.id)
      assert.strictEqual(verified.organization.fullName, "New Market")
      assert.strictEqual(verified.permissions["organization_warehouse"], "WRITE")
      assert.deepStrictEqual(verified.missing, [
        { name: "organization_inventory", required: "WRITE", granted: Option.some("REQUEST") },
        { name: "organization_members", required: "VIEW", granted: Option.none() },
        { name: "examiner", required: "SPECIAL", granted: Option.none() }
      ])
      assert.isTrue(verified.installedAfterLink)
      assert.deepStrictEqual(verified.state, Option.some("/after?x=1"))
      assert.deepStrictEqual(verified.event, Option.some("installed"))
    }).pipe(Effect.provide(flow()))
  )

  it.effect("takes the request's path, too, and tells an older installation from a fresh one", () =>
    Effect.gen(function* () {
      const { verifyCallback } = yield* InstallFlow
      yield* TestClock.setTime(1_800_000_000_000)
      const { pathname, search } = callback(yield* begin(), yield* first)
      const { event, installedAfterLink, state } = yield* verifyCallback(`${pathname}${search}`, { session })
      assert.isFalse(installedAfterLink)
      assert.isTrue(Option.isNone(state) && Option.isNone(event))
    }).pipe(Effect.provide(flow()))
  )

  for (const skew of ["30 minutes", "-30 minutes"] as const) {
    it.effect(`tells them apart by the registry's clock, which is off by ${skew}`, () =>
      Effect.gen(function* () {
        const { verifyCallback } = yield* InstallFlow
        const { control } = yield* Simulator
        yield* TestClock.setTime(1_800_000_000_000)
        yield* control.skewClock(skew)
        const older = yield* control.install({ fullName: "Older" })
        yield* TestClock.adjust("5 minutes")
        const [one, other] = [yield* begin(), yield* begin()]
        const fresh = yield* control.install({ fullName: "Fresh" })
        assert.isTrue((yield* verifyCallback(callback(one, fresh.id), { session })).installedAfterLink)
        assert.isFalse((yield* verifyCallback(callback(other, older.id), { session })).installedAfterLink)
      }).pipe(Effect.provide(flow()))
    )
  }

  it.effect("refuses a replay, and leaves the state of another flow alone", () =>
    Effect.gen(function* () {
      const { verifyCallback } = yield* InstallFlow
      const url = callback(yield* begin(), yield* first)
      const other = callback(yield* begin(), yield* first)
      yield* verifyCallback(url, { session })
      assert.strictEqual(yield* refusalOf(url), "stateReplayed")
      yield* TestClock.adjust("14 minutes")
      assert.strictEqual(yield* refusalOf(url), "stateReplayed")
      yield* verifyCallback(other, { session })
    }).pipe(Effect.provide(flow()))
  )

  it.effect("uses a state once when two callbacks come at the same moment", () =>
    Effect.gen(function* () {
      const { verifyCallback } = yield* InstallFlow
      const url = callback(yield* begin(), yield* first)
      const outcomes = yield* Effect.forEach(
        Array.from({ length: 8 }),
        () => Effect.match(verifyCallback(url, { session }), { onSuccess: () => "verified", onFailure: kindOf }),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(outcomes.filter((outcome) => outcome === "verified").length, 1)
      assert.deepStrictEqual(outcomes.filter((outcome) => outcome === "stateReplayed").length, 7)
    }).pipe(Effect.provide(flow()))
  )

  it.effect("refuses an expired and a foreign state", () =>
    Effect.gen(function* () {
      const url = callback(yield* begin(), yield* first)
      assert.strictEqual(yield* refusalOf(url, "another session"), "stateForeign")
      assert.strictEqual(yield* refusalOf(url, ""), "sessionMissing")
      yield* TestClock.adjust("15 minutes")
      assert.strictEqual(yield* refusalOf(url), "stateExpired")
    }).pipe(Effect.provide(flow()))
  )

  it.effect("refuses states that are forged or not made by this app at all", () =>
    Effect.gen(function* () {
      const link = yield* begin()
      const id = yield* first
      const state = link.searchParams.get("state") ?? ""
      const [note = "", signature = ""] = state.split(".")
      const other = Buffer.from(
        JSON.stringify({ ...JSON.parse(Buffer.from(note, "base64url").toString()), exp: 9_999_999_999_999 })
      ).toString("base64url")
      for (const [forged, kind] of [
        [`${other}.${signature}`, "stateForged"],
        [`${note}.${signature.replace(/^./, (c) => (c === "A" ? "B" : "A"))}`, "stateForged"],
        [note, "stateMalformed"],
        [`${state}.x`, "stateMalformed"],
        [`${state}==`, "stateMalformed"],
        ["user-17", "stateMalformed"],
        ["", "stateMissing"]
      ] as const) {
        assert.strictEqual(yield* refusalOf(callback(link, id, { state: forged })), kind)
      }
      // Signed by the same flow of another deployment, with its own secret.
      const elsewhere = yield* begin().pipe(
        Effect.provide(flow({ stateSecret: Redacted.make("another-secret-0123456789abcdef-0123456789") }))
      )
      assert.strictEqual(yield* refusalOf(callback(elsewhere, id)), "stateForged")
    }).pipe(Effect.provide(flow()))
  )

  it.effect("hands out no signature for a state by way of a session's digest", () =>
    Effect.gen(function* () {
      const [text = ""] = ((yield* begin()).searchParams.get("state") ?? "").split(".")
      const { installUrl } = yield* InstallFlow
      const link = yield* installUrl({ appNameId: "app1", session: text })
      const [note = ""] = (link.searchParams.get("state") ?? "").split(".")
      const { ses } = JSON.parse(Buffer.from(note, "base64url").toString())
      assert.match(ses, /^[\w-]{43}$/)
      assert.strictEqual(yield* refusalOf(callback(link, yield* first, { state: `${text}.${ses}` })), "stateForged")
    }).pipe(Effect.provide(flow()))
  )

  it.effect("gives the state back when the callback is cut off", () =>
    Effect.gen(function* () {
      const { verifyCallback } = yield* InstallFlow
      const { control } = yield* Simulator
      const url = callback(yield* begin(), yield* first)
      yield* control.faults.probability("GET /app/installations/{installationId}", 1, { _tag: "StallBeforeHead" })
      const cutOff = yield* Effect.forkChild(verifyCallback(url, { session }), { startImmediately: true })
      // The check of the state's signature takes real time, and comes before.
      const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* Effect.repeat(turn, { until: () => Effect.map(control.requestLog, ({ length }) => length > 0) })
      assert.strictEqual(yield* refusalOf(url), "stateReplayed")
      yield* Fiber.interrupt(cutOff)
      yield* control.faults.clear
      yield* verifyCallback(url, { session })
    }).pipe(Effect.provide(flow()))
  )

  it.effect("gives the state back when looking the installation up dies of a bug", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const { verifyCallback } = yield* InstallFlow
      const url = callback(yield* begin(), yield* first)
      const broken = InstallFlow.layerWith({ stateSecret }).pipe(
        Layer.provide(Layer.succeed(IcrApp, { ...app, installation: () => Effect.die(new Error("a bug")) }))
      )
      const exit = yield* Effect.exit(
        Effect.flatMap(InstallFlow, ({ verifyCallback }) => verifyCallback(url, { session })).pipe(
          Effect.provide(broken, { local: true })
        )
      )
      assert.isTrue(Exit.hasDies(exit))
      yield* verifyCallback(url, { session })
    }).pipe(Effect.provide(flow()), Effect.provide(InstallStates.layerMemory))
  )

  it.effect("takes states signed with the secret before a rotation", () =>
    Effect.gen(function* () {
      const url = callback(yield* begin(), yield* first)
      const rotated = flow({ stateSecret: [Redacted.make("the-next-secret-0123456789abcdef-012345"), stateSecret] })
      yield* Effect.flatMap(InstallFlow, ({ verifyCallback }) => verifyCallback(url, { session })).pipe(
        Effect.provide(rotated)
      )
    }).pipe(Effect.provide(flow()))
  )

  it.effect("refuses callbacks whose parameters are missing, doubled or not ids", () =>
    Effect.gen(function* () {
      const link = yield* begin()
      const url = callback(link, yield* first)
      const doubled = new URL(url)
      doubled.searchParams.append("installationId", "another")
      const twoStates = new URL(url)
      twoStates.searchParams.append("state", "x")
      const none = new URL(url)
      none.searchParams.delete("installationId")
      for (const [bad, kind] of [
        ["http://[", "callbackMalformed"],
        [doubled, "installationIdMissing"],
        [none, "installationIdMissing"],
        [twoStates, "stateMissing"],
        ["/callback", "stateMissing"],
        [callback(link, "../accessTokens"), "installationIdMalformed"],
        [callback(link, "undefined"), "installationIdMalformed"]
      ] as const) {
        assert.strictEqual(yield* refusalOf(bad), kind)
      }
    }).pipe(Effect.provide(flow()))
  )

  it.effect("asks the registry: an invented installation is not found, and uses the state up", () =>
    Effect.gen(function* () {
      const link = yield* begin()
      assert.strictEqual(
        yield* refusalOf(callback(link, "123e4567-e89b-12d3-a456-426614174000")),
        "InstallationNotFound"
      )
      assert.strictEqual(yield* refusalOf(callback(link, yield* first)), "stateReplayed")
    }).pipe(Effect.provide(flow()))
  )

  it.effect("gives the state back when the registry was out", () =>
    Effect.gen(function* () {
      const { verifyCallback } = yield* InstallFlow
      const { control } = yield* Simulator
      const url = callback(yield* begin(), yield* first)
      yield* control.faults.probability("GET /app/installations/{installationId}", 1, { _tag: "Status", status: 503 })
      assert.strictEqual(yield* refusalOf(url), "ServerError")
      yield* control.faults.clear
      yield* verifyCallback(url, { session })
    }).pipe(Effect.provide(flow()))
  )

  it.effect("refuses an installation of another app than the link was for", () =>
    Effect.gen(function* () {
      const { installUrl } = yield* InstallFlow
      const link = yield* installUrl({ appNameId: "another-app", session })
      assert.strictEqual(yield* refusalOf(callback(link, yield* first)), "installationForeign")
    }).pipe(Effect.provide(flow()))
  )

  it.effect("refuses rather than trusts when used states cannot be looked up", () =>
    Effect.gen(function* () {
      const url = callback(yield* begin(), yield* first)
      assert.strictEqual(yield* refusalOf(url), "stateUnchecked")
    }).pipe(
      Effect.provide(flow()),
      Effect.provide(
        Layer.succeed(InstallStates, {
          claim: () => Effect.fail(new DeduplicationStoreError({ operation: "claim", detail: "connection lost" })),
          release: () => Effect.void
        })
      )
    )
  )

  it.effect("gives up on a store of used states that hangs", () =>
    Effect.gen(function* () {
      const url = callback(yield* begin(), yield* first)
      const refused = yield* Effect.forkChild(refusalOf(url), { startImmediately: true })
      yield* Queue.take(asked)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(refused), "stateUnchecked")
    }).pipe(
      Effect.provide(flow()),
      Effect.provide(
        Layer.succeed(InstallStates, {
          claim: () => Effect.andThen(Queue.offer(asked, true), Effect.never),
          release: () => Effect.never
        })
      )
    )
  )

  const State = Schema.String.check(Schema.isMaxLength(200))
  it.effect.prop(
    "gives back whatever state it was given",
    { state: State },
    Effect.fn(function* ({ state }) {
      const { verifyCallback } = yield* InstallFlow
      const verified = yield* verifyCallback(callback(yield* begin(state), yield* first), { session })
      assert.deepStrictEqual(verified.state, Option.some(state))
    }, Effect.provide(flow())),
    { arbitrary: { runs: 50 } }
  )
})
