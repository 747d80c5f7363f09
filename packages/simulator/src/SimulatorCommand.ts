/**
 * The simulator as a command: its flags, and what it does with them.
 *
 * **When to use**
 *
 * As a subcommand of a program of one's own. `icr-simulator` and `icr simulator` are this command.
 *
 * ```ts
 * import * as SimulatorCommand from "@effect-icr/simulator/SimulatorCommand"
 * import * as Command from "effect/cli/Command"
 *
 * export const mine = Command.make("mine").pipe(Command.withSubcommands([SimulatorCommand.make("registry")]))
 * ```
 *
 * @module
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import { banner } from "./internal/banner.ts"
import * as KeyFile from "./internal/keyFile.ts"
import { Simulator } from "./Simulator.ts"
import { SimulatorError } from "./SimulatorError.ts"

const flags = {
  port: Flag.Int("port").pipe(Flag.withDescription("Port on 127.0.0.1; 0 takes a free one"), Flag.withDefault(4010)),
  keyFile: Flag.Path("key-file").pipe(
    Flag.withDescription("The app's private key (PEM): kept if it is there, else written (mode 600)"),
    Flag.optional
  ),
  newKey: Flag.Boolean("new-key").pipe(
    Flag.withDescription("Replace the key in the key file"),
    Flag.withDefault(false)
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
  ),
  quiet: Flag.Boolean("quiet").pipe(
    Flag.withDescription("No line on standard error for each request"),
    Flag.withDefault(false)
  )
}

type Options = Command.Command.Config.Infer<typeof flags>

/** A request's line stands alone. Anything else that is logged, such as a defect, keeps its level, time and cause. */
const logger = Logger.withConsoleError(
  Logger.make((entry) => (entry.logLevel === "Debug" ? String(entry.message) : Logger.formatLogFmt.log(entry)))
)

/** Largest number of ids in the ready line. `GET /app/installations` lists all of them. */
const mostIds = 100

/** Writes a new key, prints the ready line and the banner, then waits. */
const serve = Effect.fnUntraced(function* (privateKeyFile: string | null, isKept: boolean) {
  const { app, baseUrl, control, controlToken, ...simulator } = yield* Simulator
  // The server listens by now. A program that cannot start must not replace the key of one that runs.
  if (privateKeyFile !== null && !isKept) yield* KeyFile.write(privateKeyFile, app.privateKey)
  const installationIds = (yield* simulator.installationIds).slice(0, mostIds)
  const organizationIds = (yield* simulator.organizationIds).slice(0, mostIds)
  const { appId, appNameId } = app
  const webhookSecret = Redacted.value(app.webhookSecret)
  yield* Console.log(
    JSON.stringify({
      baseUrl,
      appId,
      appNameId,
      installationIds,
      organizationIds,
      privateKeyFile,
      webhookSecret
    })
  )
  yield* Console.error(
    banner({
      baseUrl,
      appId,
      appNameId,
      webhookSecret,
      apiVersion: (yield* control.behaviour).apiVersions[0],
      installationId: installationIds[0],
      privateKeyFile,
      controlToken: Redacted.value(controlToken)
    })
  )
  return yield* Effect.never
})

/** A reader of standard error that goes away, such as `head`, must not end the program. */
const outliveReader = Effect.sync(() => process.stderr.on("error", () => {}))

/** Runs the simulator with the options of the command line. */
const run = Effect.fnUntraced(function* ({ callbackUrl, keyFile, newKey, quiet, webhookUrl, ...options }: Options) {
  if (newKey && Option.isNone(keyFile)) {
    return yield* new SimulatorError({ message: "--new-key needs --key-file PATH" })
  }
  const file = Option.isSome(keyFile) ? yield* KeyFile.locate(keyFile.value) : null
  const kept = file === null || newKey ? Option.none() : yield* KeyFile.read(file)
  const server = Simulator.layerServerWith({
    ...options,
    privateKey: Option.getOrUndefined(kept),
    webhookUrl: Option.getOrUndefined(webhookUrl),
    callbackUrls: Option.toArray(callbackUrl)
  })
  yield* outliveReader
  return yield* serve(file, Option.isSome(kept)).pipe(
    Effect.provide(Layer.provideMerge(server, Logger.layer([logger]))),
    // Requests are logged at level Debug. A level that the option --log-level asks for stays.
    Effect.updateService(References.MinimumLogLevel, (level) => (level === "Info" && !quiet ? "Debug" : level))
  )
})

/**
 * Runs the registry in the foreground until the program is interrupted. Standard output carries one line of JSON once the
 * registry listens; standard error carries commands to paste, and a line for each request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Name extends string>(name: Name) =>
  Command.make(name, flags, run).pipe(Command.withDescription("The International Carbon Registry on your machine"))
