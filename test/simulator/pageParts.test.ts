/** The dashboard's routes without a browser: what they answer, and to whom. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { call } from "./support/calls.ts"
import { rawRequest } from "./support/raw.ts"

const server = Effect.provide(
  Layer.merge(Simulator.layerServerWith({ installations: 2, seed: 5 }), FetchHttpClient.layer)
)

const get = Effect.fnUntraced(function* (path: string) {
  const response = yield* call("GET", path)
  return { status: response.status, headers: response.headers, text: yield* response.text }
})

/** Submits a form, with htmx or as a plain form. */
const submit = Effect.fnUntraced(function* (fields: Record<string, string>, headers: Record<string, string> = {}) {
  const { baseUrl } = yield* Simulator
  const response = yield* Effect.promise(() =>
    fetch(`${baseUrl}/_simulator/page`, {
      method: "POST",
      body: new URLSearchParams(fields),
      redirect: "manual",
      headers
    })
  )
  return {
    status: response.status,
    location: response.headers.get("location"),
    trigger: response.headers.get("hx-trigger"),
    text: yield* Effect.promise(() => response.text())
  }
})
const htmx = { "hx-request": "true" }

/** The versions of the parts that a page holds, as htmx sends them. */
const seenIn = (page: string) =>
  [...page.matchAll(/class="seen"\s+name="([^"]+)"\s+value="([^"]+)"/g)].map(([, name, value]) => `${name}=${value}`)

describe("the dashboard", () => {
  it.live(
    "is one page with every section, whose style sheets and scripts come from the simulator",
    Effect.fnUntraced(function* () {
      const { app } = yield* Simulator
      const page = yield* get("/")
      assert.strictEqual(page.status, 200)
      for (const id of ["overview", "organizations", "credits", "webhooks", "requests", "faults", "tokens", "clock"]) {
        assert.include(page.text, `<section id="${id}"`)
      }
      for (const shown of [app.appId, "Organization 1", "Organization 2"]) assert.include(page.text, shown)
      assert.notInclude(page.text, Redacted.value(app.webhookSecret))
      const linked = [...page.text.matchAll(/(?:href|src)="(\/_simulator\/page\/assets\/[^"]+)"/g)].map(
        ([, path]) => path
      )
      assert.strictEqual(linked.length, 7)
      for (const path of linked) {
        const asset = yield* get(path ?? "")
        assert.strictEqual(asset.status, 200, path)
        assert.match(asset.headers["content-type"] ?? "", path?.endsWith(".css") === true ? /^text\/css/ : /javascript/)
        assert.isAbove(asset.text.length, 100, path)
      }
      // Nothing is inline, so that text which got into the page unescaped would not run either.
      assert.notInclude(page.headers["content-security-policy"], "unsafe")
      assert.notMatch(page.text, /<style|<script(?! src=)| style=| on\w+=/)
    }, server)
  )

  it.live(
    "sends again only what has changed, and all of the page after a restart",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const seen = seenIn((yield* get("/")).text)
      assert.strictEqual(seen.length, 10)
      const live = (versions: ReadonlyArray<string>) => get(`/_simulator/page/live?${versions.join("&")}`)
      const parts = (text: string) => [...text.matchAll(/hx-target="#([\w-]+)"/g)].map(([, target]) => target)
      assert.deepStrictEqual(parts((yield* live(seen)).text), ["face"])
      yield* control.faults.script("GET /projects", [{ _tag: "Reset" }])
      const { text } = yield* live(seen)
      assert.deepStrictEqual(
        parts(text).filter((part) => part !== "fault-fields"),
        ["face", "live-navigation", "live-overview", "live-faults"]
      )
      const restarted = yield* live(seen.map((version) => version.replace(/^run=.*/, "run=other")))
      assert.deepStrictEqual([restarted.text, restarted.headers["hx-refresh"]], ["", "true"])
    }, server)
  )

  it.live(
    "shows 20 organizations, and finds any by its name or id",
    Effect.fnUntraced(function* () {
      const { control, organizationIds } = yield* Simulator
      for (let n = 0; n < 25; n++) yield* control.install({ fullName: `Northern ${n}` })
      const page = yield* get("/")
      const names = (text: string) =>
        [...text.matchAll(/<strong>((?:Organization|Northern) \d+)<\/strong>/g)].map(([, name]) => name)
      assert.strictEqual(names(page.text).length, 20)
      assert.include(page.text, "20 of 27 are shown.")
      const run = seenIn(page.text).find((version) => version.startsWith("run="))
      const find = (wanted: string) =>
        Effect.map(get(`/_simulator/page/live?${run}&wanted=${wanted}`), ({ text }) => names(text))
      assert.deepStrictEqual(yield* find("northern+24"), ["Northern 24"])
      assert.deepStrictEqual(yield* find((yield* organizationIds).at(-1) ?? ""), ["Northern 24"])
    }, server)
  )

  it.live(
    "answers on loopback names only, its style sheets, scripts and parts too",
    Effect.fnUntraced(function* () {
      const { baseUrl } = yield* Simulator
      for (const target of [
        "/",
        "/_simulator/page/live",
        "/_simulator/page/fault-fields?kind=Reset",
        "/_simulator/page/assets/htmx.js"
      ]) {
        const { status } = yield* rawRequest(baseUrl, { target, host: "rebound.example" })
        assert.strictEqual(status, 403, target)
      }
    }, server)
  )

  it.live(
    "escapes names, paths and bodies",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const attack = `"><img src=x onerror=alert(1)><hx-partial hx-target="body">`
      yield* control.install({ fullName: attack })
      yield* call("GET", `/projects?q=${encodeURIComponent(attack)}`, undefined, { "x-note": attack })
      yield* control.faults.script("*", [{ _tag: "Status", status: 500, body: attack, headers: { "x-y": attack } }])
      yield* call("GET", "/projects")
      yield* control.faults.script("*", [{ _tag: "Status", status: 500, body: attack }])
      const { text } = yield* get("/")
      assert.include(text, "&lt;img src=x onerror=alert(1)&gt;")
      assert.notInclude(text, "<img")
      assert.notInclude(text, "<hx-partial")
    }, server)
  )
})

describe("the page's buttons", () => {
  it.live(
    "want the token that only the page knows",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const [first] = yield* control.installations()
      const target = first?.id ?? ""
      for (const token of ["", "guess"]) {
        assert.strictEqual((yield* submit({ token, action: "uninstall", target })).status, 403)
        assert.strictEqual((yield* submit({ token, action: "showEnvironment", target }, htmx)).status, 403)
      }
      assert.strictEqual((yield* control.installations()).length, 2)
    }, server)
  )

  it.live(
    "complain of what they cannot do, as text",
    Effect.fnUntraced(function* () {
      const token = Redacted.value((yield* Simulator).controlToken)
      for (const headers of [{}, htmx]) {
        const answer = yield* submit({ token, action: "suspend", target: "<script>alert(1)</script>" }, headers)
        assert.strictEqual(answer.status, 400)
        assert.include(answer.text, "no installation &lt;script&gt;")
      }
      assert.strictEqual((yield* submit({ token, action: "explode", target: "" })).status, 400)
      assert.strictEqual((yield* submit({ action: "reset", target: "" })).status, 400)
      const fault = { token, action: "planFault", route: "*", mode: "next", count: "1", percent: "1", kind: "Status" }
      assert.include((yield* submit({ ...fault, status: "99" })).text, "fault: Expected")
      assert.strictEqual((yield* submit({ ...fault, status: "503", count: "1000000" })).status, 400)
    }, server)
  )

  it.live(
    "work without scripts: a page after each, and a new key once",
    Effect.fnUntraced(function* () {
      const { app, control, controlToken } = yield* Simulator
      const token = Redacted.value(controlToken)
      const moved = yield* submit({ token, action: "moveClock", target: "60000" })
      assert.deepStrictEqual([moved.status, moved.location], [303, "/"])
      const key = yield* submit({ token, action: "addKey", target: app.appId })
      assert.match(key.text, /^<!doctype html>[^]*BEGIN PRIVATE KEY/)
      assert.strictEqual((yield* control.keys()).length, 2)
    }, server)
  )

  it.live(
    "answer htmx with a line, and have it fetch what has changed",
    Effect.fnUntraced(function* () {
      const { control, controlToken, installationIds } = yield* Simulator
      const [target = ""] = yield* installationIds
      const answer = yield* submit({ token: Redacted.value(controlToken), action: "suspend", target }, htmx)
      assert.deepStrictEqual([answer.status, answer.trigger], [200, "refresh"])
      assert.include(answer.text, "Suspended.")
      assert.strictEqual((yield* control.installations())[0]?.status, "suspended")
    }, server)
  )
})
