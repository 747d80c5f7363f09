/** The simulator's own pages: the plain page, the API reference and the control interface. */
import * as Effect from "effect/Effect"
import * as HttpApiSwagger from "effect/http-api/HttpApiSwagger"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { RegistryApi } from "../Contract.ts"
import type { Control } from "../Control.ts"
import { SimulatorError } from "../SimulatorError.ts"
import * as ControlHandlers from "./controlHandlers.ts"
import { bodyTooLarge, errorAnswer, isBodyTooLarge } from "./errorAnswers.ts"
import * as OpenApi from "./openApi.ts"
import * as OwnGuard from "./ownGuard.ts"
import { complaintPage, newKeyPage, page } from "./page.ts"
import * as Validation from "./validation.ts"
import type { World } from "./World.ts"

/** Largest number of rows in each table. */
const rows = 50

/** Prefix of the permissions form's fields, before the permission's name. */
const permissionField = "permission:"

const Press = Schema.StructWithRest(
  Schema.Struct({
    token: Schema.RedactedFromValue(Schema.String),
    action: Schema.Literals([
      "install",
      "uninstall",
      "suspend",
      "unsuspend",
      "approve",
      "reject",
      "addKey",
      "rotateKey",
      "revokeKey",
      "revokeToken",
      "expireAllTokens",
      "skewClock",
      "setPermissions",
      "acceptRequest",
      "declineRequest",
      "clearFaults",
      "reset"
    ]),
    target: Schema.String
  }),
  [Schema.Record(Schema.TemplateLiteral([permissionField, Schema.String]), Schema.String)]
)

/** Permissions that the form grants. An empty choice is no grant and has no key on the wire. */
const chosen = (form: typeof Press.Type) =>
  Object.fromEntries(
    Object.entries(form).flatMap(([field, level]) =>
      field.startsWith(permissionField) && typeof level === "string" && level !== ""
        ? [[field.slice(permissionField.length), level] as const]
        : []
    )
  )

const htmlAnswer = (markup: string, status = 200) =>
  HttpServerResponse.text(markup, {
    status,
    contentType: "text/html; charset=utf-8",
    headers: { "cache-control": "no-store" }
  })

/** Performs a button's action. Returns the key pair if the action created one. */
const press = Effect.fnUntraced(function* (control: Control, form: typeof Press.Type) {
  const { action, target } = form
  switch (action) {
    case "addKey":
      return Option.some(yield* control.addKey(target))
    case "rotateKey":
      return Option.some(yield* control.rotateKey(target))
    case "install":
      yield* control.install({ appId: target })
      break
    case "uninstall":
      yield* control.uninstall(target)
      break
    case "suspend":
      yield* control.suspend(target)
      break
    case "unsuspend":
      yield* control.unsuspend(target)
      break
    case "approve":
      yield* control.approvePermissions(target)
      break
    case "reject":
      yield* control.rejectPermissions(target)
      break
    case "revokeKey":
      yield* revokeAnyKey(control, target)
      break
    case "revokeToken":
      yield* control.revokeToken(target)
      break
    case "expireAllTokens":
      yield* control.expireAllTokens
      break
    case "skewClock":
      yield* control.skewClock(Number(target))
      break
    case "setPermissions":
      yield* control.setPermissions(target, chosen(form))
      break
    case "acceptRequest":
      yield* control.credits.accept(target)
      break
    case "declineRequest":
      yield* control.credits.decline(target)
      break
    case "clearFaults":
      yield* control.faults.clear
      break
    case "reset":
      yield* control.reset
  }
  return Option.none()
})

/** Revokes a key of whichever app has it. */
const revokeAnyKey = Effect.fnUntraced(function* (control: Control, fingerprint: string) {
  const owner = (yield* control.apps).find(({ keyFingerprints }) => keyFingerprints.includes(fingerprint))
  if (owner === undefined) return yield* new SimulatorError({ message: "no such key" })
  return yield* control.revokeKey(fingerprint, owner.appId)
})

const home = (world: World["Service"], control: Control, token: Redacted.Redacted<string>) =>
  Effect.gen(function* () {
    const tables = yield* Ref.get(world.tables)
    const apps = yield* Effect.forEach(yield* control.apps, (app) =>
      Effect.map(control.installations({ appId: app.appId, limit: rows }), (shown) => ({
        ...app,
        permissions: tables.apps.get(app.appId)?.permissions ?? {},
        shown
      }))
    )
    const markup = page({
      baseUrl: world.baseUrl,
      now: yield* world.now,
      controlToken: Redacted.value(token),
      apps,
      creditRequests: (yield* control.credits.requests).slice(0, rows),
      tokens: (yield* control.tokens).slice(0, rows),
      requests: (yield* control.requestLog).slice(-rows).toReversed()
    })
    return htmlAnswer(markup)
  })

const pressed = (control: Control, token: Redacted.Redacted<string>) =>
  Effect.gen(function* () {
    const form = yield* HttpServerRequest.schemaBodyUrlParams(Press)
    if (!ControlHandlers.sameToken(form.token, token)) {
      return htmlAnswer(complaintPage("This page is from an earlier run of the simulator. Load it again."), 403)
    }
    const key = yield* press(control, form)
    return Option.match(key, {
      onNone: () => HttpServerResponse.redirect("/", { status: 303 }),
      onSome: ({ fingerprint, privateKey }) => htmlAnswer(newKeyPage(fingerprint, Redacted.value(privateKey)))
    })
  }).pipe(
    Effect.catchTags({
      SchemaError: () => Effect.succeed(htmlAnswer(complaintPage("No such action."), 400)),
      SimulatorError: ({ message }) => Effect.succeed(htmlAnswer(complaintPage(message), 400)),
      HttpServerError: (error) =>
        isBodyTooLarge(error) ? Effect.succeed(htmlAnswer(complaintPage(bodyTooLarge), 413)) : Effect.die(error)
    })
  )

/** Whatever lies below the control interface is its own, also what it does not have. */
const noSuchAction = HttpRouter.addAll(
  (["GET", "POST", "PUT", "PATCH", "DELETE"] as const).map((method) =>
    HttpRouter.route(
      method,
      "/_simulator/*",
      errorAnswer(404, "The control interface has no such action; see /_simulator/openapi.json")
    )
  )
)

/** Routes of all own pages, guarded. The install page is not among them, since it answers to any name. */
export const layer = (world: World["Service"], control: Control, token: Redacted.Redacted<string>) =>
  Layer.mergeAll(
    HttpRouter.add("GET", "/", home(world, control, token)),
    HttpRouter.add("GET", "/favicon.ico", HttpServerResponse.empty()),
    HttpRouter.add("POST", "/_simulator/page", pressed(control, token)),
    HttpApiSwagger.layer(RegistryApi, { path: "/docs" }),
    OpenApi.own,
    ControlHandlers.layer(control, token).pipe(Layer.provide(Validation.layer)),
    noSuchAction
  ).pipe(Layer.provide(OwnGuard.layer(world.now)))
