#!/usr/bin/env node
/** The program `icr-simulator`: runs the registry in the foreground until Ctrl-C. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import { banner } from "./internal/banner.ts"
import { Simulator } from "./Simulator.ts"
import { SimulatorError } from "./SimulatorError.ts"

const flags = {
  port: Flag.Int("port").pipe(Flag.withDescription("Port on 127.0.0.1; 0 takes a free one"), Flag.withDefault(4010)),
  keyFile: Flag.Path("key-file").pipe(
    Flag.withDescription("Write the app's private key here (PEM, mode 600)"),
    Flag.optional
  ),
  installations: Flag.Int("installations").pipe(
    Flag.withDescription("Installations at the start"),
    Flag.withDefault(3)
  ),
  webhookUrl: Flag.String("webhook-url").pipe(
    Flag.withDescription("Where the app's webhook deliveries go"),
    Flag.optional
  ),
  callbackUrl: Flag.String("callback-url").pipe(
    Flag.withDescription("Where the install page sends the browser"),
    Flag.optional
  ),
  seed: Flag.Int("seed").pipe(Flag.withDescription("Same seed, same world"), Flag.withDefault(1)),
  profile: Flag.Literals("profile", ["documented", "observed", "strict"]).pipe(
    Flag.withDescription("Which reading of the documents"),
    Flag.withDefault("documented")
  )
}

/** Largest number of ids in the ready line. `GET /app/installations` lists all of them. */
const mostIds = 100

/** Writes the private key to a file that only its owner can read, and returns the file's absolute path. */
const writeKey = Effect.fnUntraced(function* (file: string, pem: Redacted.Redacted<string>) {
  const fs = yield* FileSystem.FileSystem
  const path = (yield* Path.Path).resolve(file)
  const kind = Option.map(yield* Effect.option(fs.stat(path)), ({ type }) => type)
  if (Option.contains(kind, "Directory")) {
    const inside = (yield* Path.Path).join(path, "icr_private_key.pem")
    return yield* new SimulatorError({ message: `--key-file ${path} is a folder; name a file, such as ${inside}` })
  }
  // A mode applies to a new file only. An older file might stay readable by others.
  yield* fs.remove(path, { force: true })
  yield* fs.writeFileString(path, Redacted.value(pem), { flag: "wx", mode: 0o600 })
  return path
})

/** Prints the ready line and the banner, then waits. */
const run = Effect.fnUntraced(function* (keyFile: Option.Option<string>) {
  const { app, baseUrl, control, controlToken, ...simulator } = yield* Simulator
  const installationIds = (yield* simulator.installationIds).slice(0, mostIds)
  const organizationIds = (yield* simulator.organizationIds).slice(0, mostIds)
  const privateKeyFile = Option.isSome(keyFile) ? yield* writeKey(keyFile.value, app.privateKey) : null
  yield* Console.log(
    JSON.stringify({
      baseUrl,
      appId: app.appId,
      appNameId: app.appNameId,
      installationIds,
      organizationIds,
      privateKeyFile,
      webhookSecret: Redacted.value(app.webhookSecret)
    })
  )
  yield* Console.error(
    banner({
      baseUrl,
      appId: app.appId,
      apiVersion: (yield* control.behaviour).apiVersions[0],
      installationId: installationIds[0],
      privateKeyFile,
      controlToken: Redacted.value(controlToken)
    })
  )
  return yield* Effect.never
})

/** Prints one line and sets exit code 1. The cause is the caller's input, so a stack trace would only hide it. */
const complain = (message: string) =>
  Effect.andThen(
    Console.error(`icr-simulator: ${message}`),
    Effect.sync(() => {
      process.exitCode = 1
    })
  )

Command.make("icr-simulator", flags, ({ callbackUrl, keyFile, webhookUrl, ...options }) =>
  run(keyFile).pipe(
    Effect.provide(
      Simulator.layerServerWith({
        ...options,
        webhookUrl: Option.getOrUndefined(webhookUrl),
        callbackUrls: Option.toArray(callbackUrl)
      })
    )
  )
).pipe(
  Command.withDescription("The International Carbon Registry on your machine"),
  Command.run({ version: "0.1.0" }),
  // Standard output carries nothing but the ready line.
  Effect.catchTags({
    SimulatorError: ({ message }) => complain(message),
    PlatformError: ({ message }) => complain(message)
  }),
  Effect.provide(Layer.merge(NodeServices.layer, Layer.succeed(Logger.LogToStderr, true))),
  NodeRuntime.runMain
)
