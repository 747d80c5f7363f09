/** The registry that one run of the suite meets: a simulator of its own, whose installation tokens live for two seconds. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { Effect, Redacted } from "effect"
import { createPrivateKey } from "node:crypto"
import { createServer } from "node:net"

/** Installations of the app: more than one page of them. */
const installations = 120

/** The layer that `world` needs. */
export const SimulatorLive = Simulator.layerServerWith({ installations, tokenLife: "2 seconds" })

/** One key in the forms in which people hand it over. */
const dialects = (pem: string) => {
  const pkcs1 = createPrivateKey(pem).export({ type: "pkcs1", format: "pem" }).toString()
  const escaped = pem.replaceAll("\n", String.raw`\n`)
  return {
    "PKCS#8": pem,
    "PKCS#1": pkcs1,
    "PKCS#8, escaped": escaped,
    "PKCS#1, escaped": pkcs1.replaceAll("\n", String.raw`\n`),
    "escaped twice": pem.replaceAll("\n", String.raw`\\n`),
    base64: Buffer.from(pem).toString("base64"),
    quoted: `"${escaped}"`
  }
}

/** A port on which nothing listens: the system has just given it, and does not give it again soon. */
const closedPort = Effect.callback<number, Error>((resume) => {
  const server = createServer()
  server.on("error", (error) => resume(Effect.fail(error)))
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() =>
      resume(
        address === null || typeof address === "string"
          ? Effect.fail(new Error("the system gives no port"))
          : Effect.succeed(address.port)
      )
    )
  })
})

/** What the suite has to know of its registry, as plain data. */
export const world = Effect.gen(function* () {
  const { app, baseUrl, controlToken, installationIds, organizationIds } = yield* Simulator
  return {
    baseUrl,
    appId: app.appId,
    keys: dialects(Redacted.value(app.privateKey)),
    webhookSecret: Redacted.value(app.webhookSecret),
    controlToken: Redacted.value(controlToken),
    closedUrl: `http://127.0.0.1:${yield* closedPort}`,
    installationId: (yield* installationIds)[0],
    organizationId: (yield* organizationIds)[0],
    installations
  }
})
