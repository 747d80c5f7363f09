#!/usr/bin/env node
/** The program `icr`: runs the command on Node, logs to standard error, and turns failures into exit codes. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { version } from "./environment/manifest.ts"
import { enterCallersFolder } from "./environment/workingDirectory.ts"
import { layerPresenter, reported } from "./failure/report.ts"
import { icr } from "./icr.ts"

/** Standard output carries results and nothing else. */
const layerLogger = Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)])

enterCallersFolder.pipe(
  Effect.andThen(version),
  Effect.flatMap((version) => Command.run(icr, { version })),
  reported,
  Effect.provide(Layer.mergeAll(NodeServices.layer, layerLogger, layerPresenter)),
  NodeRuntime.runMain
)
