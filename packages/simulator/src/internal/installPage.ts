/**
 * The page on which a person installs an app: `/apps/{appNameId}/installations/new`.
 *
 * It offers a choice of organization, lists the app's permissions and installs the app. The browser is then redirected
 * to the first callback URL of the app's allow list, or to `redirectUri` if the list contains it; any other
 * `redirectUri` is ignored silently (Callback URL). The query carries `installationId`, and `state` and `event` as
 * existing apps read them.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { randomBytes } from "node:crypto"
import type { Control } from "../Control.ts"
import { sameToken } from "./controlHandlers.ts"
import { bodyTooLarge, isBodyTooLarge } from "./errorAnswers.ts"
import { html } from "./html.ts"
import { complaintPage, frame } from "./page.ts"
import * as Present from "./present.ts"
import type { AppRecord } from "./Tables.ts"
import type { World } from "./World.ts"

const path = "/apps/:appNameId/installations/new"

/** Largest number of organizations to choose from. */
const mostShown = 100

const Query = Schema.Struct({
  state: Schema.optionalKey(Schema.String),
  redirectUri: Schema.optionalKey(Schema.String)
})

const Form = Schema.Struct({
  ...Query.fields,
  token: Schema.RedactedFromValue(Schema.String),
  organizationId: Schema.String
})

const Params = Schema.Struct({ appNameId: Schema.String })

/** Omits `form-action`, which browsers would also apply to the redirect to the app. */
const contentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"

const answer = (markup: string, status = 200) =>
  HttpServerResponse.text(markup, {
    status,
    contentType: "text/html; charset=utf-8",
    headers: {
      "cache-control": "no-store",
      "content-security-policy": contentSecurityPolicy,
      "referrer-policy": "no-referrer"
    }
  })

const levels: Readonly<Record<string, string>> = { VIEW: "Read", REQUEST: "Read and request", WRITE: "Read and write" }

/** Target of the redirect by the documented rule, or `undefined` when the app has no callback URL. */
export const destination = (
  callbackUrls: ReadonlyArray<string>,
  { redirectUri = "", state }: typeof Query.Type,
  installationId: string
): string | undefined => {
  const base = redirectUri !== "" && callbackUrls.includes(redirectUri) ? redirectUri : callbackUrls[0]
  if (base === undefined) return undefined
  const url = new URL(base)
  url.searchParams.set("installationId", installationId)
  if (state !== undefined) url.searchParams.set("state", state)
  url.searchParams.set("event", "installed")
  return url.href
}

/** Routes of the page. */
export const layer = (world: World["Service"], control: Control) => {
  // Prevents other sites from submitting the form. It is not the control token, because this page answers to any host
  // name.
  const token = Redacted.make(randomBytes(24).toString("hex"))

  const found = Effect.gen(function* () {
    const { appNameId } = yield* HttpRouter.schemaPathParams(Params)
    const tables = yield* Ref.get(world.tables)
    const app = [...tables.apps.values()].find((one) => one.appNameId === appNameId)
    return app === undefined ? undefined : { app, tables }
  })

  const page = Effect.gen(function* () {
    const given = yield* found
    if (given === undefined) return answer(complaintPage("There is no such app."), 404)
    const { app, tables } = given
    const query = yield* HttpServerRequest.schemaSearchParams(Query)
    const around = { ...world, behaviour: yield* Ref.get(world.behaviour) }
    const organizations = [...tables.organizations.values()].slice(0, mostShown)
    const hidden = (name: string, value: string | undefined) =>
      value === undefined ? [] : [html`<input type="hidden" name="${name}" value="${value}" />`]
    return answer(
      frame(
        `Install ${app.appNameId}`,
        html`<h1>Install ${app.appNameId}</h1>
          <form method="post">
            ${hidden("token", Redacted.value(token))} ${hidden("state", query.state)}
            ${hidden("redirectUri", query.redirectUri)}
            <p>
              <label for="organization">Organization</label>
              <select id="organization" name="organizationId">
                <option value="">A new organization</option>
                ${organizations.map(
                  (record) =>
                    html`<option value="${record.id}">
                      ${Present.organization(record, around).fullName}${
                        app.byOrganization.has(record.id) ? " (installed)" : ""
                      }
                    </option>`
                )}
              </select>
            </p>
            <h2>Permissions</h2>
            <ul id="permissions">
              ${Object.entries(app.permissions).map(
                ([name, level]) => html`<li><code>${name}</code>: ${levels[level] ?? level}</li>`
              )}
            </ul>
            <button id="install">Install</button>
          </form>`
      )
    )
  }).pipe(Effect.catchTag("SchemaError", () => Effect.succeed(answer(complaintPage("Not a link of ours."), 400))))

  /** Installs the app. Where it is installed already, returns the existing installation. */
  const installed = Effect.fnUntraced(function* (app: AppRecord, organizationId: string) {
    const present = app.byOrganization.get(organizationId)
    if (present !== undefined) return present.id
    const { id } = yield* control.install({
      appId: app.appId,
      organizationId: organizationId === "" ? undefined : organizationId
    })
    return id
  })

  const install = Effect.gen(function* () {
    const given = yield* found
    if (given === undefined) return answer(complaintPage("There is no such app."), 404)
    const form = yield* HttpServerRequest.schemaBodyUrlParams(Form)
    if (!sameToken(form.token, token)) {
      return answer(complaintPage("This page is from an earlier run of the simulator. Load it again."), 403)
    }
    const installationId = yield* installed(given.app, form.organizationId)
    const target = destination(given.app.callbackUrls, form, installationId)
    return target === undefined
      ? answer(
          frame(
            "Installed",
            html`<h1>Installed</h1>
              <p><code id="installation">${installationId}</code></p>`
          )
        )
      : HttpServerResponse.redirect(target, { status: 303, headers: { "referrer-policy": "no-referrer" } })
  }).pipe(
    Effect.catchTags({
      SchemaError: () => Effect.succeed(answer(complaintPage("Not a form of ours."), 400)),
      SimulatorError: ({ message }) => Effect.succeed(answer(complaintPage(message), 400)),
      HttpServerError: (error) =>
        isBodyTooLarge(error) ? Effect.succeed(answer(complaintPage(bodyTooLarge), 413)) : Effect.die(error)
    })
  )

  return Layer.mergeAll(HttpRouter.add("GET", path, page), HttpRouter.add("POST", path, install))
}
