/** `icr token`: an access token, the one secret that a command prints. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as App from "../environment/app.ts"
import { Failure } from "../failure/failure.ts"
import { isTerminal } from "../output/output.ts"
import { printable } from "../output/printable.ts"

const flags = {
  installation: App.installation,
  show: Flag.Boolean("show").pipe(
    Flag.withDescription("Print the token even where standard output is a pipe or a file"),
    Flag.withDefault(false)
  )
}

const exchange = Effect.fnUntraced(function* (
  installation: Command.Command.Config.Infer<typeof flags>["installation"]
) {
  const { appToken, installationToken } = yield* IcrApp
  const { expiresAt, permissions, token } = yield* Option.match(installation, {
    onNone: () => appToken,
    onSome: installationToken
  })
  const whose = Option.isNone(installation) ? "app" : "installation"
  const levels = Object.entries(permissions).map(([name, level]) => `${name} ${level}`)
  yield* Console.log(Redacted.value(token))
  const about = [`${whose} access token, good until ${DateTime.formatIso(expiresAt)}`, ...levels].join(", ")
  yield* Console.error(printable(about))
})

/** Prints the token alone on standard output, so that `$(icr token --show)` is the token. */
export const token = Command.make(
  "token",
  flags,
  Effect.fnUntraced(function* ({ installation, show }) {
    if (!show && !(yield* isTerminal)) {
      const message = "a token is a secret, and standard output is no terminal; --show prints it all the same"
      return yield* new Failure({ kind: "usage", message })
    }
    yield* Effect.provide(exchange(installation), App.layer)
  })
).pipe(
  Command.withDescription("Print an access token of the app, or of one installation"),
  Command.withExamples([
    { command: "icr token", description: "At a terminal" },
    { command: 'TOKEN="$(icr token --installation ID --show)"', description: "In a script" }
  ])
)
