/** `icr get`: reads any endpoint with the right token. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as App from "../environment/app.ts"
import { Failure } from "../failure/failure.ts"
import { indented, onOneLine } from "../output/json.ts"
import { isTerminal, write } from "../output/output.ts"
import { printable } from "../output/printable.ts"

const decoder = new TextDecoder()

const endsLine = (text: string) => (text.endsWith("\n") ? text : `${text}\n`)

/** What is written of a body: JSON for its reader, anything else as it came. A terminal gets no bytes that are not text. */
const shown = Effect.fnUntraced(function* (bytes: Uint8Array, type: string, isWatched: boolean) {
  if (/[/+]json\b/.test(type)) {
    const text = decoder.decode(bytes)
    const written = Option.liftThrowable(isWatched ? indented : onOneLine)(text)
    return endsLine(Option.getOrElse(written, () => (isWatched ? printable(text) : text)))
  }
  if (!isWatched) return bytes
  if (type.startsWith("text/")) return endsLine(decoder.decode(bytes).split("\n").map(printable).join("\n"))
  const message = `the answer is ${bytes.length} bytes of ${printable(type) || "an unknown type"}, not text; send them to a file: icr get … > FILE`
  return yield* new Failure({ message })
})

/** The name of the operation in errors. */
const operation = "icr get"

/** `icr get`. The numbers of a JSON body keep every digit. */
export const get = Command.make(
  "get",
  {
    path: Argument.String("path").pipe(Argument.withDescription("Such as /projects?limit=2")),
    installation: App.installation
  },
  Effect.fnUntraced(function* ({ installation, path }) {
    const { appClientWith, installationClientWith } = yield* IcrApp
    const client = Option.match(installation, {
      onNone: () => appClientWith({ operation }),
      onSome: (id) => installationClientWith(id, { operation })
    })
    const response = yield* client.get(path)
    const bytes = new Uint8Array(yield* Effect.orDie(response.arrayBuffer))
    yield* write(Stream.make(yield* shown(bytes, response.headers["content-type"] ?? "", yield* isTerminal)))
  })
).pipe(
  Command.withDescription("Read an endpoint with the app's token, or with that of an installation"),
  Command.withExamples([
    { command: 'icr get "/projects?limit=2"' },
    { command: "icr get /organizations/ORGANIZATION --installation ID" }
  ]),
  Command.provide(App.layer)
)
