/** The link that an installation begins with. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { apiBaseUrls } from "@effect-icr/app/IcrConfig"
import { InstallFlow } from "@effect-icr/webhooks/InstallFlow"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { begin, flow, kindOf, session, stateSecret } from "./support/install.ts"

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
