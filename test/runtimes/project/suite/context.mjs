/**
 * What the checks stand on: an app over the simulator, and the simulator's controls.
 *
 * A context is made by the driver of each runtime and has
 *
 * - `world`: plain data about the simulator, from the process that runs it;
 * - `client`: the layer of the `HttpClient` that a program on this runtime uses;
 * - `url`: the address of the runtime's own server;
 * - `require`: that of CommonJS, where there is one;
 * - `tellsWhyNotConnected`: whether the runtime's errors tell a connection that was never made from one that was lost;
 * - `notes`: what a program on this runtime has to do beside the checks that ask for it.
 */
import { IcrApp } from "@effect-icr/app/IcrApp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** An app on this runtime, with a key in PKCS#8 unless `options` has another. */
export const appLayer = ({ client, world }, options = {}) =>
  IcrApp.layerWith({
    appId: world.appId,
    privateKey: world.keys["PKCS#8"],
    baseUrl: world.baseUrl,
    ...options
  }).pipe(Layer.provide(client))

/** One request to the simulator's control interface. */
export const control = ({ world }, method, path, body) =>
  Effect.promise(async () => {
    const response = await fetch(`${world.baseUrl}/_simulator${path}`, {
      method,
      headers: { authorization: `Bearer ${world.controlToken}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) })
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  })

/** What the next requests to the registry meet, one step each. */
export const script = (context, ...steps) => control(context, "POST", "/faults/script", { route: "*", steps })

/** How many requests for this path have come. */
export const requestsFor = (context, method, path) =>
  Effect.map(
    control(context, "GET", "/requests"),
    (requests) => requests.filter((request) => request.method === method && request.path === path).length
  )

/** Fails the check, with both values, unless they are the same as JSON. */
export const same = (actual, expected, what) =>
  JSON.stringify(actual) === JSON.stringify(expected)
    ? Effect.void
    : Effect.fail(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`)
