/** Registries that differ from the simulator, for tests. */
import type { SimulatorOptions } from "@effect-icr/simulator/Simulator"
import { Effect, Layer, Predicate } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { privateKeyPem } from "../support/keys.ts"
import { furnishedSimulator, toSimulator } from "./layers.ts"
import { report } from "./report.ts"

/** A registry whose answers are changed on their way: `change` is given the path and the JSON. */
const changing = (change: (path: string, json: unknown) => unknown) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) =>
      HttpClient.make((request, url) =>
        Effect.gen(function* () {
          const response = yield* client.execute(request)
          if (!/json/.test(response.headers["content-type"] ?? "")) return response
          const changed = change(url.pathname, yield* response.json)
          const { headers, status } = response
          return HttpClientResponse.fromWeb(request, new Response(JSON.stringify(changed), { status, headers }))
        })
      )
    )
  )

/** The report of a run against the simulator, with its answers changed. */
export const reportOver = (
  change: (path: string, json: unknown) => unknown = (_, json) => json,
  options: SimulatorOptions = {}
) =>
  report.pipe(
    Effect.provide(
      toSimulator.pipe(
        Layer.provide(changing(change)),
        Layer.provideMerge(furnishedSimulator({ privateKey: privateKeyPem, ...options }))
      )
    )
  )

/** Does something to every object of a JSON value. */
export const everyObject = (
  json: unknown,
  f: (object: { readonly [name: string]: unknown }) => { readonly [name: string]: unknown }
): unknown => {
  if (Array.isArray(json)) return json.map((item) => everyObject(item, f))
  if (!Predicate.isObject(json)) return json
  return f(Object.fromEntries(Object.entries(json).map(([name, value]) => [name, everyObject(value, f)])))
}

/** Another name in all of a JSON value. */
export const renamed = (from: string, to: string) => (json: unknown) =>
  JSON.parse(JSON.stringify(json).replaceAll(`"${from}"`, `"${to}"`)) as unknown

/** Takes a property out of every JSON schema of a description. */
export const without = (name: string) => (json: unknown) =>
  everyObject(json, (object) => {
    const { [name]: _, ...rest } = object
    const { required } = rest
    return Array.isArray(required) ? { ...rest, required: required.filter((other) => other !== name) } : rest
  })

/** Whether the registry's own description is asked for. */
export const isDescription = (path: string) => path === "/v0.5/openapi"
/** Changes the description only. */
export const inDescription = (change: (json: unknown) => unknown) => (path: string, json: unknown) =>
  isDescription(path) ? change(json) : json
/** Changes everything but the description. */
export const inAnswers = (change: (json: unknown) => unknown) => (path: string, json: unknown) =>
  isDescription(path) ? json : change(json)
