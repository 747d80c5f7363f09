/** `icr installations`: who has installed the app. */
import { Installation } from "@effect-icr/app/domain/Installation"
import { IcrApp } from "@effect-icr/app/IcrApp"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as App from "../environment/app.ts"
import { isTerminal, jsonLine, write } from "../output/output.ts"
import { counted } from "../output/progress.ts"
import { table } from "../output/table.ts"

const header = ["ID", "ORGANIZATION", "SINCE", "PERMISSIONS"]

const row = ({ createdAt, id, organization, permissions }: Installation) => [
  id,
  organization.displayName,
  DateTime.formatIsoDateUtc(createdAt),
  Object.entries(permissions)
    .map(([name, level]) => `${name} ${level}`)
    .join(", ")
]

const toJson = Schema.encodeSync(Installation)

/** A table at a terminal; with `--json`, or where nobody watches, a line of JSON for each, as soon as its page is there. */
export const installations = Command.make(
  "installations",
  {
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("A line of JSON for each, which a pipe or a file gets anyway"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ json }) {
    const { installations } = yield* IcrApp
    const isWatched = yield* isTerminal
    // The printed lines show the progress by themselves, so that no counter is needed.
    const listed = json && isWatched ? installations : counted(installations, "installations")
    if (json || !isWatched) return yield* write(Stream.map(listed, (one) => jsonLine(toJson(one))))
    const rows = yield* Stream.runCollect(listed)
    yield* Console.log(table(header, rows.map(row)).join("\n"))
  })
).pipe(
  Command.withDescription("List the active installations of the app"),
  Command.withExamples([{ command: "icr installations | jq -r .organization.fullName" }]),
  Command.provide(App.layer)
)
