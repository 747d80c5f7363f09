/** What a developer copies to reach the registry: environment variables and commands. */
import * as Redacted from "effect/Redacted"
import type { AppCredentials } from "../../Control.ts"
import { type Html, html } from "../html.ts"
import { exportLines, signing } from "../shell.ts"
import type { Model, ShownApp } from "./model.ts"
import * as Parts from "./parts.ts"

const plain = (baseUrl: string, app: Pick<ShownApp, "appId" | "appNameId">) => ({
  ICR_BASE_URL: baseUrl,
  ICR_APP_ID: app.appId,
  ICR_APP_NAME_ID: app.appNameId
})

/** Commands that use the variables, so that no secret is in them. */
const commands = (app: ShownApp, { apiVersion, organizations }: Model): string => {
  const head = `-H "Authorization: Bearer $JWT" -H 'x-icr-api-version: ${apiVersion}'`
  const installation = organizations
    .flatMap(({ installations }) => installations)
    .find((one) => one.appId === app.appId)
  return [
    ...signing(app.appId, `<(printf '%s\\n' "$ICR_PRIVATE_KEY")`),
    `curl ${head} "$ICR_BASE_URL/app/installations?limit=10&page=0"`,
    ...(installation === undefined
      ? []
      : [`curl -X POST ${head} "$ICR_BASE_URL/app/installations/${installation.id}/accessTokens"`])
  ].join("\n")
}

const control = `curl -H "Authorization: Bearer $ICR_CONTROL_TOKEN" "$ICR_BASE_URL/_simulator/installations"`

/** The card of the first app. */
export const connect = (model: Model): Html => {
  const [app] = model.apps
  if (app === undefined) return html``
  return Parts.card(
    "Connect your app",
    html`<p>
        Environment variables for a program. Private key, webhook secret and control token are shown when you ask for
        them.
      </p>
      ${Parts.block(exportLines(plain(model.baseUrl, app)).join("\n"), "environment variables")}
      <details id="curl">
        <summary>Call it with curl</summary>
        <p>Sign as the app, list its installations, and get a token for one of them (bash or zsh):</p>
        ${Parts.block(commands(app, model), "curl commands")}
        <p>Do what an administrator of the registry would do:</p>
        ${Parts.block(control, "curl command of the control interface")}
      </details>`,
    [
      Parts.button(model, "Show with secrets", {
        action: "showEnvironment",
        fields: { target: app.appId }
      })
    ]
  )
}

/** All variables with their secrets, as the answer to a button. */
export const environment = (
  { baseUrl, controlToken }: Pick<Model, "baseUrl" | "controlToken">,
  app: Pick<ShownApp, "appId" | "appNameId">,
  secrets: {
    readonly privateKey: AppCredentials["privateKey"] | undefined
    readonly webhookSecret: AppCredentials["webhookSecret"] | undefined
  }
): Html => {
  const { privateKey, webhookSecret } = secrets
  const lines = exportLines({
    ...plain(baseUrl, app),
    ...(webhookSecret === undefined ? {} : { ICR_WEBHOOK_SECRET: Redacted.value(webhookSecret) }),
    ...(privateKey === undefined ? {} : { ICR_PRIVATE_KEY: Redacted.value(privateKey).trim() }),
    ICR_CONTROL_TOKEN: controlToken
  })
  return html`<h2>Environment variables</h2>
    ${Parts.block(lines.join("\n"), "environment variables with secrets")}
    ${Parts.when(
      privateKey === undefined,
      () => html`<p>The registry keeps no private key but the first one. Add a key to get another.</p>`
    )}`
}

/** A new private key, as the answer to a button. It is shown once, as the registry's dashboard does. */
export const newKey = (fingerprint: string, pem: string): Html =>
  html`<h2>New key</h2>
    <p>Save this now; it is not kept. Fingerprint <code>SHA256:${fingerprint}</code></p>
    ${Parts.block(pem.trim(), "private key")}`

/** A new webhook secret, as the answer to a button. */
export const newSecret = (secret: Redacted.Redacted<string>): Html =>
  html`<h2>New webhook secret</h2>
    ${Parts.block(Redacted.value(secret), "webhook secret")}`
