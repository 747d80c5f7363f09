/** Serves `/_simulator/…` with the typed control. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createHash, timingSafeEqual } from "node:crypto"
import { type AppCredentials, type AppKey, type Control, type InstallationView } from "../Control.ts"
import { ControlApi, ControlToken } from "../ControlApi.ts"
import { badRequest, unauthorized } from "../ErrorBody.ts"
import type { SimulatorError } from "../SimulatorError.ts"
import * as CreditHandlers from "./credits/controlHandlers.ts"
import * as WebhookHandlers from "./webhookHandlers.ts"

/** Compares two tokens in constant time. */
export const sameToken = (a: Redacted.Redacted<string>, b: Redacted.Redacted<string>): boolean => {
  const digest = (token: Redacted.Redacted<string>) => createHash("sha256").update(Redacted.value(token)).digest()
  return timingSafeEqual(digest(a), digest(b))
}

const refused = <A, R>(effect: Effect.Effect<A, SimulatorError, R>) =>
  Effect.mapError(effect, ({ message }) => badRequest(message))
const done = <R>(effect: Effect.Effect<void, SimulatorError, R>) => refused(Effect.as(effect, true))

const installation = (view: InstallationView) => ({ ...view, pending: view.pending ?? null })
const key = ({ fingerprint, privateKey }: AppKey) => ({ fingerprint, privateKey: Redacted.value(privateKey) })
const value = (token: Redacted.Redacted<string>) => ({ token: Redacted.value(token) })
const credentials = (app: AppCredentials) => ({
  appId: app.appId,
  appNameId: app.appNameId,
  privateKey: Redacted.value(app.privateKey),
  webhookSecret: Redacted.value(app.webhookSecret)
})

/** Handlers of the control API, its OpenAPI document and its authorisation. */
export const layer = (control: Control, token: Redacted.Redacted<string>) =>
  HttpApiBuilder.layer(ControlApi, { openapiPath: "/_simulator/openapi.json" }).pipe(
    Layer.provide(CreditHandlers.layer(control)),
    Layer.provide(WebhookHandlers.layer(control)),
    Layer.provide(
      HttpApiBuilder.group(ControlApi, "control", (handlers) =>
        handlers
          .handle("apps", () => control.apps)
          .handle("createApp", ({ payload }) => refused(Effect.map(control.createApp(payload.appNameId), credentials)))
          .handle("createOrganizationToken", ({ payload: { lifeMillis: life, ...options } }) =>
            refused(Effect.map(control.createOrganizationToken({ ...options, life }), value))
          )
          .handle("createUserToken", ({ payload }) =>
            refused(Effect.map(control.createUserToken({ life: payload.lifeMillis }), value))
          )
          .handle("installations", ({ query }) =>
            refused(Effect.map(control.installations(query), (all) => all.map(installation)))
          )
          .handle("install", ({ payload }) => refused(Effect.map(control.install(payload), installation)))
          .handle("uninstall", ({ params }) => done(control.uninstall(params.id)))
          .handle("suspend", ({ params }) => done(control.suspend(params.id)))
          .handle("unsuspend", ({ params }) => done(control.unsuspend(params.id)))
          .handle("setPermissions", ({ params, payload }) => done(control.setPermissions(params.id, payload)))
          .handle("approvePermissions", ({ params }) => done(control.approvePermissions(params.id)))
          .handle("rejectPermissions", ({ params }) => done(control.rejectPermissions(params.id)))
          .handle("requestPermissions", ({ payload }) =>
            done(control.requestPermissions(payload.permissions, payload.appId))
          )
          .handle("addKey", ({ payload }) => refused(Effect.map(control.addKey(payload.appId), key)))
          .handle("addPublicKey", ({ payload }) =>
            refused(Effect.map(control.addPublicKey(payload.pem, payload.appId), (fingerprint) => ({ fingerprint })))
          )
          .handle("rotateKey", ({ payload }) => refused(Effect.map(control.rotateKey(payload.appId), key)))
          .handle("revokeKey", ({ payload }) => done(control.revokeKey(payload.fingerprint, payload.appId)))
          .handle("tokens", () =>
            Effect.map(control.tokens, (all) =>
              all.map(({ appId = null, installationId = null, organizationId = null, ...one }) => ({
                ...one,
                appId,
                installationId,
                organizationId
              }))
            )
          )
          .handle("revokeToken", ({ payload }) => done(control.revokeToken(payload.token)))
          .handle("expireAllTokens", () => Effect.as(control.expireAllTokens, true))
          .handle("skewClock", ({ payload }) => done(control.skewClock(payload.skewMillis)))
          .handle("behaviour", () => control.behaviour)
          .handle("setBehaviour", ({ payload }) =>
            refused(Effect.andThen(control.setBehaviour(payload), control.behaviour))
          )
          .handle("scriptFaults", ({ payload }) => done(control.faults.script(payload.route, payload.steps)))
          .handle("addFault", ({ payload }) =>
            done(control.faults.probability(payload.route, payload.probability, payload.fault))
          )
          .handle("faults", () => control.faults.planned)
          .handle("clearFaults", () => Effect.as(control.faults.clear, true))
          .handle("requests", () => control.requestLog)
          .handle("reset", () => Effect.as(control.reset, true))
      )
    ),
    Layer.provide(
      Layer.succeed(ControlToken, {
        controlToken: (handler, { credential }) =>
          sameToken(credential, token)
            ? handler
            : Effect.fail(unauthorized("The simulator's control token is required"))
      })
    )
  )
