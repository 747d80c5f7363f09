#!/usr/bin/env node
/** The program `icr-simulator`: runs the registry in the foreground until Ctrl-C. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as SimulatorCommand from "./SimulatorCommand.ts"

/** Prints one line and sets exit code 1. The cause is the caller's input, so a stack trace would only hide it. */
const complain = (message: string) =>
  Effect.andThen(
    Console.error(`icr-simulator: ${message}`),
    Effect.sync(() => {
      process.exitCode = 1
    })
  )

SimulatorCommand.make("icr-simulator").pipe(
  Command.run({ version: "0.1.0" }),
  // Standard output carries nothing but the ready line.
  Effect.catchTags({
    SimulatorError: ({ message }) => complain(message),
    PlatformError: ({ message }) => complain(message)
  }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
