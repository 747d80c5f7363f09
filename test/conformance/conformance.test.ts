/** `pnpm conformance`: against the simulator, and against registries that differ from it. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Predicate, Redacted } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { privateKeyPem } from "../support/keys.ts"
import { everyObject, inAnswers, inDescription, isDescription, renamed, reportOver, without } from "./changed.ts"
import { furnishedSimulator, toSimulator } from "./layers.ts"
import { questions } from "./questions.ts"
import { type Report, report } from "./report.ts"

/** A run against the simulator as it is. */
const furnished = toSimulator.pipe(Layer.provideMerge(furnishedSimulator({ privateKey: privateKeyPem })))

const textOf = ({ lines }: Report) => lines.join("\n")

describe("conformance of the simulator", () => {
  it.effect("ends with 0, having decoded every read", () =>
    Effect.gen(function* () {
      const { exitCode, lines } = yield* reportOver()
      const text = lines.join("\n")
      assert.strictEqual(exitCode, 0, text)
      assert.notMatch(text, /NOT DECODED|MATTERS/)
      for (const read of [
        "GET /app/installations: 200, 2 items, decoded",
        "GET /projects: 200, 2 items, decoded",
        "GET /organizations/{id}/warehouse/inventory/reservations: 200, 2 items, decoded",
        "GET /organizations/{id}/inventory/requests/{requestId}: 200, decoded",
        "GET /projects/find/project: 200, decoded"
      ]) {
        assert.include(lines, `  ${read}`)
      }
      assert.match(text, /against what the simulator serves\n {2}nothing/)
    })
  )

  it.effect("prints each open question, answered or not", () =>
    Effect.gen(function* () {
      const { lines } = yield* report
      const asked = lines.slice(lines.indexOf("Open questions") + 1, -2)
      assert.lengthOf(questions, 70)
      assert.lengthOf(new Set(questions.map(({ id }) => id)), 70)
      assert.lengthOf(asked, questions.length)
      for (const line of asked) assert.match(line, /: (answered: .|not answered by a read$)/)
      const text = lines.join("\n")
      assert.include(text, "8.1 Life of an installation's token: answered: 2 hours")
      assert.include(text, "8.36 Status for a token that is none: answered: status 403")
      assert.include(text, "8 k Decimals, rounding and minimum of amounts: answered: at most 18 decimals")
      assert.include(text, "8.14 Shape of a webhook's organization: not answered by a read")
    }).pipe(Effect.provide(furnished))
  )

  it.effect("sends GETs and the two token exchanges, and nothing else", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      const before = (yield* control.requestLog).length
      yield* report
      const sent = (yield* control.requestLog).slice(before)
      assert.isAbove(sent.length, 30)
      assert.deepStrictEqual(
        sent.filter(({ method }) => method !== "GET").map(({ method, route }) => `${method} ${route}`),
        ["POST POST /app/accessTokens", "POST POST /app/installations/{installationId}/accessTokens"]
      )
    }).pipe(Effect.provide(furnished))
  )

  it.effect("prints no secret", () =>
    Effect.gen(function* () {
      const { app } = yield* Simulator
      const text = textOf(yield* report)
      assert.notMatch(text, /crs_|eyJ|BEGIN/)
      assert.notInclude(text, Redacted.value(app.webhookSecret))
      assert.notInclude(text, app.appId)
      assert.notInclude(text, "Jane Roe")
    }).pipe(Effect.provide(furnished))
  )
})

describe("conformance of a registry that differs", () => {
  it.effect("in the name of a needed field of its description, ends with 1 and names it", () =>
    Effect.gen(function* () {
      const { exitCode, lines } = yield* reportOver(inDescription(renamed("reservedToDate", "heldUntil")))
      assert.strictEqual(exitCode, 1)
      assert.include(lines, "    MATTERS reservations[].reservedToDate is not there; the client needs it")
      assert.include(lines, "    reservations[].heldUntil is not read by the client")
      assert.include(lines, "    reservations[].heldUntil is not served by the simulator")
      assert.strictEqual(lines.at(-1), "A field that the client needs differs in the registry's description.")
    })
  )

  it.effect("in the name of a needed field of its answers, ends with 1 and names it", () =>
    Effect.gen(function* () {
      const { exitCode, lines } = yield* reportOver(inAnswers(renamed("reservedToDate", "heldUntil")))
      assert.strictEqual(exitCode, 1)
      const list = "GET /organizations/{id}/warehouse/inventory/reservations"
      assert.match(
        lines.find((line) => line.startsWith(`  ${list}: 200`)) ?? "",
        /2 items, NOT DECODED, reservations\[0\]\.reservedToDate: /
      )
      assert.include(lines.at(-1), list)
    })
  )

  it.effect("in optional fields, ends with 0 and lists them", () =>
    Effect.gen(function* () {
      const { exitCode, lines } = yield* reportOver(
        inDescription((json) => ["vintage", "tokenAddress"].reduce((all, name) => without(name)(all), json))
      )
      assert.strictEqual(exitCode, 0)
      for (const field of ["credits[].vintage", "reservations[].tokenAddress"]) {
        assert.include(lines, `    ${field} is not there; the client does without`)
        assert.include(lines, `    ${field} is served by the simulator only`)
      }
    })
  )

  it.effect("in the kind of a needed field, ends with 1; in one that the client reads either way, with 0", () =>
    Effect.gen(function* () {
      const kind = (name: string, type: string) =>
        inDescription((json) =>
          everyObject(json, (object) => (object[name] === undefined ? object : { ...object, [name]: { type } }))
        )
      const wrong = yield* reportOver(kind("isComplete", "string"))
      assert.strictEqual(wrong.exitCode, 1)
      assert.include(wrong.lines, "    MATTERS isComplete is of kind string, which the client cannot read")
      const either = yield* reportOver(kind("num", "number"))
      assert.strictEqual(either.exitCode, 0, textOf(either))
      assert.include(either.lines, "    projects[].num is number; the simulator serves string")
    })
  )

  it.effect("in what may be absent or null, ends with 1 where the client needs it", () =>
    Effect.gen(function* () {
      const optional = yield* reportOver(
        inDescription((json) =>
          everyObject(json, (object) =>
            Array.isArray(object["required"])
              ? { ...object, required: object["required"].filter((name) => name !== "isComplete") }
              : object
          )
        )
      )
      assert.strictEqual(optional.exitCode, 1)
      assert.include(optional.lines, "    MATTERS isComplete may be absent; the client needs it")
      const nullable = yield* reportOver(
        inDescription((json) =>
          everyObject(json, (object) =>
            object["isComplete"] === undefined ? object : { ...object, isComplete: { type: "boolean", nullable: true } }
          )
        )
      )
      assert.strictEqual(nullable.exitCode, 1)
      assert.include(nullable.lines, "    MATTERS isComplete may be null; the client needs it")
    })
  )

  it.effect("in a field that it has besides, ends with 0 and lists it", () =>
    Effect.gen(function* () {
      const { exitCode, lines } = yield* reportOver((path, json) =>
        path.startsWith("/projects/") && Predicate.isObject(json) ? { ...json, ratings: [{ by: "somebody" }] } : json
      )
      assert.strictEqual(exitCode, 0)
      assert.include(lines, "    ratings is not read by the client")
      assert.include(lines, "    ratings is not served by the simulator")
      assert.notInclude(lines.join(), "somebody")
    })
  )

  it.effect("in having no description, ends with 0 by its answers and says so", () =>
    Effect.gen(function* () {
      const { exitCode, lines } = yield* reportOver(undefined, { behaviour: { versionIn: "header" } })
      assert.strictEqual(exitCode, 0)
      assert.include(lines, "  none at /v0.5/openapi and /v0.5/openapi-json")
      assert.include(lines, "  GET /v0.5/openapi: 404, NotFound")
      assert.match(lines.join("\n"), /8 f Statuses and bodies of writes: not answered by a read/)
    })
  )

  it.effect("in having a page for people there, is described by the document beside it", () => {
    const page = Layer.effect(
      HttpClient.HttpClient,
      Effect.map(HttpClient.HttpClient, (client) =>
        HttpClient.make((request, url) => {
          if (isDescription(url.pathname)) {
            const html = new Response("<!doctype html>", { headers: { "content-type": "text/html" } })
            return Effect.succeed(HttpClientResponse.fromWeb(request, html))
          }
          const isDocument = url.pathname === "/v0.5/openapi-json"
          return client.execute(isDocument ? HttpClientRequest.setUrl(request, url.href.replace("-json", "")) : request)
        })
      )
    )
    return Effect.map(report, ({ exitCode, lines }) => {
      assert.strictEqual(exitCode, 0)
      assert.include(lines, "  GET /v0.5/openapi: 200")
      assert.include(lines, "  GET /v0.5/openapi-json: 200")
      assert.match(lines.join("\n"), /own description against what the simulator serves\n {2}nothing/)
    }).pipe(
      Effect.provide(
        toSimulator.pipe(Layer.provide(page), Layer.provide(Simulator.layerWith({ privateKey: privateKeyPem })))
      )
    )
  })

  const ofProfile = (profile: "observed" | "strict") =>
    Effect.provide(report, toSimulator.pipe(Layer.provide(Simulator.layerWith({ privateKey: privateKeyPem, profile }))))

  it.effect("in having real payloads, ends with 0", () =>
    Effect.map(ofProfile("observed"), (told) => assert.strictEqual(told.exitCode, 0, textOf(told)))
  )

  it.effect("in what a call must say, ends with 1, names the call, and tells what would do", () =>
    Effect.gen(function* () {
      const { exitCode, lines } = yield* ofProfile("strict")
      assert.strictEqual(exitCode, 1)
      const path = "GET /organizations/{id}/warehouse/inventory"
      assert.strictEqual(lines.at(-1), `Not there, or not as the client asks: ${path}, ${path}/reservations.`)
      assert.include(lines, `  ${path} (development=false): 200, 2 items`)
      assert.include(lines, `  ${path}/reservations (limit=1&page=0): 200, 0 items`)
    })
  )
})

describe("conformance that could not be told", () => {
  it.effect("ends with 1 where the app gets no token", () =>
    Effect.gen(function* () {
      const { exitCode, lines } = yield* reportOver((path, json) => (path === "/app/accessTokens" ? {} : json))
      assert.strictEqual(exitCode, 1)
      assert.include(lines.at(-1), "POST /app/accessTokens")
    })
  )

  it.effect("ends with 1 where an operation of the client is not there", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      yield* control.faults.script("GET /organizations/{id}", [{ _tag: "Status", status: 404 }])
      const { exitCode, lines } = yield* report
      assert.strictEqual(exitCode, 1)
      assert.strictEqual(lines.at(-1), "Not there, or not as the client asks: GET /organizations/{id}.")
    }).pipe(Effect.provide(furnished))
  )
})
