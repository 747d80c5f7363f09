/** Performs what the dashboard's forms ask for. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type { AppCredentials, AppKey, Control } from "../../Control.ts"
import { SimulatorError } from "../../SimulatorError.ts"
import type { Delivery, Tampering } from "../../Webhooks.ts"
import type { Html } from "../html.ts"
import * as Keys from "../keys.ts"
import type { World } from "../World.ts"
import { environment, newKey, newSecret } from "./connect.ts"
import { faultOf } from "./faultKinds.ts"
import { type Manner, permissionField, type Press } from "./forms.ts"

/** What the dashboard shows after an action: a line, and what is shown once. */
export interface Done {
  readonly message: string
  readonly reveal?: Html
}

/** What the actions stand on. */
export interface Surroundings {
  readonly world: World["Service"]
  readonly control: Control
  /** The first app with the key of its registration. */
  readonly app: AppCredentials
  readonly controlToken: Redacted.Redacted<string>
}

const done = (message: string): Done => ({ message })

/** Permissions that the form grants. An empty choice is no grant and has no key on the wire. */
const chosen = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([field, level]) =>
      field.startsWith(permissionField) && typeof level === "string" && level !== ""
        ? [[field.slice(permissionField.length), level] as const]
        : []
    )
  )

const tampering = (manner: typeof Manner.Type): Tampering => {
  switch (manner) {
    case "genuine":
      return {}
    case "previous":
    case "none":
      return { secret: manner }
    default:
      return { tamper: manner }
  }
}

/** Revokes a key of whichever app has it. */
const revokeAnyKey = Effect.fnUntraced(function* (control: Control, fingerprint: string) {
  const owner = (yield* control.apps).find(({ keyFingerprints }) => keyFingerprints.includes(fingerprint))
  if (owner === undefined) return yield* new SimulatorError({ message: "no such key" })
  return yield* control.revokeKey(fingerprint, owner.appId)
})

const keyMade = ({ fingerprint, privateKey }: AppKey, message: string): Done => ({
  message,
  reveal: newKey(fingerprint, Redacted.value(privateKey))
})

/** The variables of an app. The first app's private key is shown as long as the registry accepts it. */
const show = Effect.fnUntraced(function* ({ app, control, controlToken, world }: Surroundings, appId: string) {
  const record = (yield* Ref.get(world.tables)).apps.get(appId)
  if (record === undefined) return yield* new SimulatorError({ message: `no app ${appId}` })
  const first = Keys.fingerprint((yield* Keys.fromPrivatePem(app.privateKey)).publicKey)
  const isFirst = appId === app.appId && (yield* control.keys(appId)).includes(first)
  return {
    message: "Shown.",
    reveal: environment({ baseUrl: world.baseUrl, controlToken: Redacted.value(controlToken) }, record, {
      privateKey: isFirst ? app.privateKey : undefined,
      webhookSecret: record.webhookSecret
    })
  }
})

const delivered = ({ failure, number, status }: Delivery): Done =>
  done(failure === null ? `Delivery ${number} was answered with ${status}.` : `Delivery ${number} failed: ${failure}`)

/** Sends an event, with a transaction where the event is about one. */
const send = (control: Control, { event, manner, target }: Extract<Press, { readonly action: "sendEvent" }>) => {
  const change = tampering(manner)
  if (event === "organizationTransaction") return control.webhooks.transaction(target, { of: "organization" }, change)
  if (event === "warehouseTransaction") return control.webhooks.transaction(target, { of: "warehouse" }, change)
  return control.webhooks.send(target, event, change)
}

const planFault = Effect.fnUntraced(function* (
  { faults }: Control,
  press: Extract<Press, { readonly action: "planFault" }>
) {
  const fault = yield* faultOf(press)
  if (press.mode === "chance") return yield* faults.probability(press.route, press.percent / 100, fault)
  return yield* faults.script(
    press.route,
    Array.from({ length: press.count }, () => fault)
  )
})

const blankless = (text: string | undefined) => (text === undefined || text.trim() === "" ? undefined : text.trim())

/** Performs a form. */
export const perform = Effect.fnUntraced(function* (around: Surroundings, press: Press) {
  const { control, world } = around
  const as = (message: string) => Effect.as(done(message))
  switch (press.action) {
    case "install":
      return yield* control
        .install({
          appId: press.target,
          organizationId: blankless(press.organizationId),
          fullName: blankless(press.fullName),
          organizationType: press.organizationType === "" ? undefined : press.organizationType
        })
        .pipe(as("Installed."))
    case "uninstall":
      return yield* as("Uninstalled.")(control.uninstall(press.target))
    case "suspend":
      return yield* as("Suspended.")(control.suspend(press.target))
    case "unsuspend":
      return yield* as("Active again.")(control.unsuspend(press.target))
    case "approve":
      return yield* as("Permissions approved.")(control.approvePermissions(press.target))
    case "reject":
      return yield* as("Permissions rejected.")(control.rejectPermissions(press.target))
    case "setPermissions":
      return yield* as("Permissions changed.")(control.setPermissions(press.target, chosen(press)))
    case "addKey":
      return keyMade(yield* control.addKey(press.target), "Key added.")
    case "rotateKey":
      return keyMade(yield* control.rotateKey(press.target), "Key rotated.")
    case "revokeKey":
      return yield* as("Key revoked.")(revokeAnyKey(control, press.target))
    case "revokeToken":
      return yield* as("Token revoked.")(control.revokeToken(press.target))
    case "expireAllTokens":
      return yield* as("All tokens have expired.")(control.expireAllTokens)
    case "skewClock":
      return yield* as("Clock set.")(control.skewClock(press.target))
    case "moveClock":
      return yield* as("Clock moved.")(control.skewClock((yield* Ref.get(world.skew)) + press.target))
    case "setSkew":
      return yield* as("Clock set.")(control.skewClock(press.amount * press.unit * press.direction))
    case "acceptRequest":
      return yield* as("Accepted.")(control.credits.accept(press.target))
    case "declineRequest":
      return yield* as("Declined.")(control.credits.decline(press.target))
    case "setHolding":
      return yield* as("Amount set.")(control.credits.setHolding(press))
    case "setWebhook":
      return yield* as("Webhook saved.")(control.webhooks.setTarget(blankless(press.url), press.target))
    case "rotateSecret":
      return { message: "Secret rotated.", reveal: newSecret(yield* control.webhooks.rotateSecret(press.target)) }
    case "redeliver":
      return delivered(yield* control.webhooks.redeliver(press.target, tampering(press.manner)))
    case "sendEvent":
      return delivered(yield* send(control, press))
    case "planFault":
      return yield* as("Fault planned.")(planFault(control, press))
    case "clearFaults":
      return yield* as("Faults cleared.")(control.faults.clear)
    case "showEnvironment":
      return yield* show(around, press.target)
    case "reset":
      return yield* as("Everything is as at the start.")(control.reset)
  }
})
