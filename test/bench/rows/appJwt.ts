/** Row 3: the app JWT, kept and freshly signed. */
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { importPKCS8, SignJWT } from "jose"
import { createPrivateKey, sign } from "node:crypto"
import githubAppJwt from "universal-github-app-jwt"
import { privateKeyPem } from "../../support/keys.ts"
import type { Row } from "../rows.ts"
import { nowhere } from "../support/clients.ts"
import { beside } from "../support/finding.ts"
import { repeatAsync, repeatEffect, repeatSync } from "../support/loop.ts"
import { compare } from "../support/measure.ts"

const appId = "c5f7f4f3-58f0-4b8c-9dc6-3a6f5b1f9f4e"

const claims = () => {
  const now = Math.floor(Date.now() / 1000)
  return { iss: appId, iat: now - 60, exp: now + 540 }
}

const signerOver = (clock: Layer.Layer<ServerClock>) => {
  const config = IcrConfig.layerWith({ appId, privateKey: Redacted.make(privateKeyPem), baseUrl: nowhere })
  return ManagedRuntime.make(Signer.layer.pipe(Layer.provide([config, clock]))).runPromise(Signer)
}

/** A clock that is off by another second each time it is asked: no JWT is good twice, so each one is signed. */
const restless = Layer.effect(
  ServerClock,
  Effect.map(ServerClock, (clock) => {
    let seconds = 0
    return ServerClock.of({ ...clock, offset: Effect.sync(() => seconds++ % 60) })
  })
).pipe(Layer.provide(ServerClock.layer))

export const run: Row["run"] = async (effort) => {
  const steady = await signerOver(ServerClock.layer)
  const cold = await signerOver(restless)
  const josesKey = await importPKCS8(privateKeyPem, "RS256")
  const nodesKey = createPrivateKey(privateKeyPem)
  const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
  const head = segment({ alg: "RS256", typ: "JWT" })

  const timings = await compare(
    [
      { name: "ours", run: (operations) => Effect.runPromise(repeatEffect(1, operations, () => steady.appJwt)) },
      {
        name: "ours, each one signed",
        run: (operations) => Effect.runPromise(repeatEffect(1, operations, () => cold.appJwt))
      },
      {
        name: "universal-github-app-jwt",
        run: repeatAsync(1, () => githubAppJwt({ id: appId, privateKey: privateKeyPem }))
      },
      {
        name: "jose by hand, key kept",
        run: repeatAsync(1, () => new SignJWT(claims()).setProtectedHeader({ alg: "RS256", typ: "JWT" }).sign(josesKey))
      },
      {
        name: "node:crypto, key kept",
        run: repeatSync(() => {
          const input = `${head}.${segment(claims())}`
          return `${input}.${sign("sha256", Buffer.from(input), nodesKey).toString("base64url")}`
        })
      }
    ],
    effort
  )
  const work = "app JWT, steady state"
  return [
    beside({ row: 3, work, target: { fasterBy: 500 } }, timings, "ours", "universal-github-app-jwt"),
    beside({ row: 3, work }, timings, "ours", "jose by hand, key kept"),
    beside({ row: 3, work }, timings, "ours", "node:crypto, key kept"),
    beside(
      { row: 3, work: "app JWT, cold signature", target: { atMost: 1.5 } },
      timings,
      "ours, each one signed",
      "node:crypto, key kept"
    ),
    beside({ row: 3, work: "app JWT, cold signature" }, timings, "ours, each one signed", "jose by hand, key kept")
  ]
}
