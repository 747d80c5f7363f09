/** The app that the environment describes, and the option that selects one of its installations. */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import * as Flag from "effect/cli/Flag"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

/** The app of `ICR_APP_ID`, with the key of `ICR_PRIVATE_KEY` or of the file that `ICR_PRIVATE_KEY_FILE` names. */
export const layer = IcrApp.layerKeyFile.pipe(Layer.provide(FetchHttpClient.layer))

/** `--installation ID`, for a command that says what it is for. */
export const installationId = Flag.String("installation").pipe(
  Flag.withMetavar("ID"),
  Flag.filterMap(
    Schema.decodeOption(InstallationId),
    () => "the id of an installation, as `icr installations` prints it, without '/', '?', '#', '%' or blanks"
  )
)

/** `--installation ID`, for a command that otherwise acts for the app. */
export const installation = installationId.pipe(
  Flag.withDescription("Act for the organization behind this installation instead of for the app itself"),
  Flag.optional
)
