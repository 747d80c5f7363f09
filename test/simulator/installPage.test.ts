import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as http from "node:http"
import { receiver } from "./support/receiver.ts"

describe("the install page", () => {
  const callbacks = ["https://app.example.com/callback?from=icr", "http://localhost:3000/installed"]

  /** Loads the page, presses the button, and gives where the browser is sent. */
  const install = Effect.fnUntraced(function* (query: Record<string, string>, organizationId = "") {
    const { baseUrl } = yield* Simulator
    const address = `${baseUrl}/apps/app1/installations/new?${new URLSearchParams(query)}`
    return yield* Effect.promise(async () => {
      const html = await (await fetch(address)).text()
      const form = new URLSearchParams({ organizationId })
      for (const [, name = "", value = ""] of html.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)) {
        form.set(name, value.replaceAll("&amp;", "&"))
      }
      const response = await fetch(address, { method: "POST", body: form, redirect: "manual" })
      return { status: response.status, location: response.headers.get("location"), text: await response.text() }
    })
  })

  it.live("sends the browser by the allow list: the first, or the one asked for when it is on it", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      for (const [query, target] of [
        [{}, callbacks[0]],
        [{ redirectUri: "" }, callbacks[0]],
        [{ redirectUri: callbacks[1] ?? "" }, callbacks[1]],
        [{ redirectUri: "https://evil.example.com/callback" }, callbacks[0]],
        [{ redirectUri: `${callbacks[1]}/deeper` }, callbacks[0]]
      ] as const) {
        const { location, status } = yield* install({ ...query, state: "a state & more" })
        const id = (yield* simulator.installationIds).at(-1) ?? ""
        const expected = new URL(target ?? "")
        for (const [name, value] of [
          ["installationId", id],
          ["state", "a state & more"],
          ["event", "installed"]
        ] as const) {
          expected.searchParams.set(name, value)
        }
        assert.deepStrictEqual([status, location], [303, expected.href])
      }
    }).pipe(Effect.provide(Simulator.layerServerWith({ callbackUrls: callbacks })))
  )

  it.live("installs with the permissions it shows, tells the app, and gives the same installation a second time", () =>
    Effect.gen(function* () {
      const { control, ...simulator } = yield* Simulator
      const { receive, seen } = receiver()
      yield* control.webhooks.setTarget(receive)
      const { location, status, text } = yield* install({})
      assert.deepStrictEqual([status, location], [200, null])
      const made = (yield* control.installations()).at(-1)
      assert.include(text, made?.id ?? "none")
      yield* control.webhooks.settled
      assert.strictEqual(seen.length, 1)
      const before = yield* simulator.installationIds
      assert.include((yield* install({}, made?.organizationId)).text, made?.id ?? "none")
      assert.deepStrictEqual(yield* simulator.installationIds, before)
      assert.strictEqual((yield* install({}, "no such organization")).status, 400)
    }).pipe(Effect.provide(Simulator.layerServer))
  )

  it.live("escapes what is in its address, and takes no form of another site", () =>
    Effect.gen(function* () {
      const { baseUrl, ...simulator } = yield* Simulator
      const before = yield* simulator.installationIds
      yield* Effect.promise(async () => {
        const address = `${baseUrl}/apps/app1/installations/new`
        const response = await fetch(`${address}?state=${encodeURIComponent('"><script>alert(1)</script>')}`)
        const html = await response.text()
        assert.notInclude(html, "<script>")
        assert.include(response.headers.get("content-security-policy") ?? "", "default-src 'none'")
        const form = new URLSearchParams({ organizationId: "", token: "guess" })
        assert.strictEqual((await fetch(address, { method: "POST", body: form })).status, 403)
        assert.strictEqual((await fetch(address, { method: "POST" })).status, 400)
        assert.strictEqual((await fetch(`${baseUrl}/apps/other/installations/new`)).status, 404)
      })
      assert.deepStrictEqual(yield* simulator.installationIds, before)
    }).pipe(Effect.provide(Simulator.layerServer))
  )

  it.live("answers to any name it is reached by, unlike the page that controls the simulator", () =>
    Effect.gen(function* () {
      const { baseUrl } = yield* Simulator
      const status = (path: string) =>
        Effect.callback<number | undefined>((resume) => {
          http.get(`${baseUrl}${path}`, { headers: { host: "registry.test" } }, (response) => {
            resume(Effect.succeed(response.statusCode))
            response.resume()
          })
        })
      assert.strictEqual(yield* status("/apps/app1/installations/new"), 200)
      assert.strictEqual(yield* status("/"), 403)
    }).pipe(Effect.provide(Simulator.layerServer))
  )
})
