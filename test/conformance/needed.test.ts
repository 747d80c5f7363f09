/** What `pnpm conformance` must not pass over: calls, descriptions and optional fields that the client depends on. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Predicate } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { privateKeyPem } from "../support/keys.ts"
import { everyObject, inAnswers, inDescription, renamed, reportOver } from "./changed.ts"
import { furnishedSimulator, toSimulator } from "./layers.ts"
import { report } from "./report.ts"

const reservations = "/organizations/{id}/warehouse/inventory/reservations"
const requests = "/organizations/{id}/inventory/requests"

/** Another path for all operations below one. */
const moved = (from: string, to: string) => (json: unknown) => {
  const paths = Predicate.hasProperty(json, "paths") && Predicate.isObject(json.paths) ? json.paths : {}
  const renamed = Object.entries(paths).map(([path, methods]) => [path.replace(from, to), methods])
  return { ...(Predicate.isObject(json) ? json : {}), paths: Object.fromEntries(renamed) }
}

describe("conformance of calls that a description should have", () => {
  it.effect("ends with 1 and names them where their paths are others", () =>
    Effect.gen(function* () {
      const { exitCode, lines } = yield* reportOver(inDescription(moved("/reservations", "/holds")))
      assert.strictEqual(exitCode, 1)
      assert.include(lines, `  MATTERS GET ${reservations} is not described`)
      assert.include(lines, `  MATTERS POST ${reservations} is not described`)
      assert.include(lines, `  MATTERS POST ${reservations}/{reservationId}/transfer_retire is not described`)
      assert.include(lines, `  MATTERS DELETE ${reservations}/{reservationId} is not described`)
      assert.match(lines.at(-1) ?? "", /^Not described: GET /)
    })
  )

  it.effect("ends with 1 where only writes have another path", () =>
    Effect.gen(function* () {
      const { exitCode, lines } = yield* reportOver(
        inDescription(moved("/inventory/requests/{action}", "/inventory/actions/{action}"))
      )
      assert.strictEqual(exitCode, 1)
      assert.strictEqual(
        lines.at(-1),
        `Not described: ${["transfer", "retire", "transfer_retire"].map((action) => `POST ${requests}/${action}`).join(", ")}.`
      )
    })
  )

  it.effect("ends with 0 where only a call that the client does without is missing, and tells it", () =>
    Effect.gen(function* () {
      const { exitCode, lines } = yield* reportOver(
        inDescription((json) =>
          everyObject(json, (object) => {
            const one = Object.keys(object).find((path) => /\/reservations\/\{\w+\}$/.test(path))
            const methods = one === undefined ? undefined : object[one]
            if (one === undefined || !Predicate.isObject(methods)) return object
            return {
              ...object,
              [one]: Object.fromEntries(Object.entries(methods).filter(([method]) => method !== "get"))
            }
          })
        )
      )
      assert.include(lines, `  GET ${reservations}/{reservationId} is not described`)
      assert.strictEqual(exitCode, 0, lines.join("\n"))
    })
  )
})

describe("conformance of a description that is none", () => {
  const answering = (body: string, contentType: string) =>
    Layer.effect(
      HttpClient.HttpClient,
      Effect.map(HttpClient.HttpClient, (client) =>
        HttpClient.make((request, url) =>
          url.pathname === "/v0.5/openapi"
            ? Effect.sync(() =>
                HttpClientResponse.fromWeb(request, new Response(body, { headers: { "content-type": contentType } }))
              )
            : client.execute(request)
        )
      )
    )

  for (const [what, body, contentType] of [
    ["a page", "<!doctype html>", "text/html"],
    ["another document", '{"hello":1}', "application/json"],
    ["an empty answer", "", "application/json"]
  ] as const) {
    it.effect(`ends with 1, since nothing could be told by ${what}`, () =>
      Effect.gen(function* () {
        const { exitCode, lines } = yield* report
        assert.strictEqual(exitCode, 1)
        assert.strictEqual(lines.at(-1), "No description, though not absent: GET /v0.5/openapi.")
      }).pipe(
        Effect.provide(
          toSimulator.pipe(
            Layer.provide(answering(body, contentType)),
            Layer.provideMerge(furnishedSimulator({ privateKey: privateKeyPem }))
          )
        )
      )
    )
  }

  it.effect("ends with 1 where it describes nothing", () =>
    Effect.gen(function* () {
      const { exitCode, lines } = yield* reportOver(inDescription(() => ({ openapi: "3.1.0", paths: {} })))
      assert.strictEqual(exitCode, 1)
      assert.include(lines, "  MATTERS GET /projects is not described")
    })
  )
})

describe("conformance of fields that the client decodes without, and depends on", () => {
  for (const [field, path, use] of [
    ["state", "creditRequests[].state", "requests.settled"],
    ["reserver", "reservations[].reserver", "the look for a lost reservation"]
  ] as const) {
    it.effect(`ends with 1 and names ${path} where the description has it under another name`, () =>
      Effect.gen(function* () {
        const { exitCode, lines } = yield* reportOver(inDescription(renamed(field, "another")))
        assert.strictEqual(exitCode, 1)
        assert.include(lines, `    MATTERS ${path} is not there; the client needs it for ${use}`)
      })
    )

    it.effect(`ends with 1 and names ${path} where the answers have it under another name`, () =>
      Effect.gen(function* () {
        const { exitCode, lines } = yield* reportOver(inAnswers(renamed(field, "another")))
        assert.strictEqual(exitCode, 1)
        assert.include(lines, `    MATTERS ${path} is in no item; the client needs it for ${use}`)
        assert.strictEqual(lines.at(-1), "A field that the client needs is not in the registry's answers.")
      })
    )

    it.effect(`ends with 1 and names ${path} where it is of another kind`, () =>
      Effect.gen(function* () {
        const { exitCode, lines } = yield* reportOver(
          inAnswers((json) =>
            everyObject(json, (object) => (object[field] === undefined ? object : { ...object, [field]: 7 }))
          )
        )
        assert.strictEqual(exitCode, 1)
        assert.include(
          lines,
          `    MATTERS ${path} is of kind number, which the client reads as absent; the client needs it for ${use}`
        )
      })
    )
  }
})
