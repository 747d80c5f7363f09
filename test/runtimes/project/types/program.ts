/** A program over the packed packages, as a user's compiler sees it. The roots bring every declaration along. */
import * as App from "@effect-icr/app"
import type { InstallationId } from "@effect-icr/app/domain/Ids"
import * as Extension from "@effect-icr/app/extension"
import { IcrApp } from "@effect-icr/app/IcrApp"
import type { IcrError } from "@effect-icr/app/IcrError"
import * as Registry from "@effect-icr/registry"
import * as Webhooks from "@effect-icr/webhooks"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"

export const token = (id: InstallationId): Effect.Effect<string, IcrError, IcrApp> =>
  Effect.gen(function* () {
    const { installationToken } = yield* IcrApp
    return Redacted.value((yield* installationToken(id)).token)
  })

export const AppLive: Layer.Layer<Webhook | IcrApp, IcrError> = Webhook.layer.pipe(
  Layer.provideMerge(IcrApp.layer),
  Layer.provide(FetchHttpClient.layer)
)

// @ts-expect-error: an id is not any text
export const wrong = token("1")

export { App, Extension, Registry, Webhooks }
