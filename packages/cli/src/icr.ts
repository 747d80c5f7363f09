/** The command `icr`: its subcommands, and what they have in common. */
import * as SimulatorCommand from "@effect-icr/simulator/SimulatorCommand"
import * as Command from "effect/cli/Command"
import { get } from "./commands/get.ts"
import { init } from "./commands/init.ts"
import { installations } from "./commands/installations.ts"
import { key } from "./commands/key.ts"
import { token } from "./commands/token.ts"
import { webhooks } from "./commands/webhooks.ts"
import { EnvFile, layer as layerEnvironment } from "./environment/envFile.ts"

const description = `The International Carbon Registry for ICR Apps, at a terminal.

  The app is described by ICR_APP_ID, ICR_PRIVATE_KEY or ICR_PRIVATE_KEY_FILE, and ICR_ENVIRONMENT or ICR_BASE_URL;
  deliveries by ICR_WEBHOOK_SECRET. Tables at a terminal are lines of JSON in a pipe.

  Exit codes: 0 done; 1 failed; 2 wrong usage; 3 the configuration is incomplete or wrong; 130 interrupted.`

/**
 * The command `icr`, for a program of one's own that has it as a subcommand.
 *
 * ```ts
 * import { icr } from "@effect-icr/cli"
 * import * as Command from "effect/cli/Command"
 *
 * export const mine = Command.make("mine").pipe(Command.withSubcommands([icr]))
 * ```
 *
 * @category commands
 * @since 0.1.0
 */
export const icr = Command.make("icr").pipe(
  Command.withDescription(description),
  Command.withShortDescription("The International Carbon Registry for ICR Apps"),
  Command.withSubcommands([key, token, installations, get, webhooks, SimulatorCommand.make("simulator"), init]),
  Command.provide(layerEnvironment),
  Command.withGlobalFlags([EnvFile])
)
