/**
 * Calls an endpoint with the token of one installation, decodes the answer, and handles two failures by their reason.
 *
 * Needs `ICR_APP_ID` and `ICR_PRIVATE_KEY`; `ICR_BASE_URL` selects a simulator, `ICR_ENVIRONMENT=sandbox` the sandbox.
 */
import { type Installation, schemaBodyJson } from "@effect-icr/app"
import { IcrApp } from "@effect-icr/app/IcrApp"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

/** Only the fields this program reads: the others are ignored. */
const OrganizationInfo = schemaBodyJson(Schema.Struct({ id: Schema.String, fullName: Schema.String }))

const readOrganization = Effect.fn("readOrganization")(function* ({ id, organization }: Installation) {
  const { installationClient } = yield* IcrApp
  const response = yield* installationClient(id).get(`/organizations/${organization.id}`)
  return yield* OrganizationInfo(response)
})

const program = Effect.gen(function* () {
  const { installations } = yield* IcrApp
  const some = yield* installations.pipe(Stream.take(3), Stream.runCollect)
  for (const installation of some) {
    yield* readOrganization(installation).pipe(
      Effect.flatMap(({ fullName }) => Console.log(`${installation.id} belongs to ${fullName}`)),
      Effect.catchReasons("IcrError", {
        InstallationSuspended: () => Console.log(`${installation.id} is suspended, skipped`),
        Forbidden: ({ message }) => Console.log(message)
      })
    )
  }
})

program.pipe(Effect.provide(IcrApp.layer.pipe(Layer.provide(NodeHttpClient.layerUndici))), NodeRuntime.runMain)
