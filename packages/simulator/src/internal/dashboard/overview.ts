/** The first section: figures, how to connect, and the apps with their keys. */
import { type Html, html } from "../html.ts"
import { connect } from "./connect.ts"
import type { Model, ShownApp } from "./model.ts"
import * as Parts from "./parts.ts"

const tile = (href: string, figure: string | number, label: string, note: string): Html =>
  html`<a class="tile" href="#${href}"><strong>${figure}</strong> <span>${label}</span> <small>${note}</small></a>`

const tiles = (model: Model): Html => {
  const installed = model.apps.reduce((sum, { installations }) => sum + installations, 0)
  const failed = model.deliveries.filter(({ failure, status }) => failure !== null || (status ?? 200) >= 300).length
  const steps = model.planned.scripts.reduce((sum, script) => sum + script.steps.length, 0)
  const chances = model.planned.probabilities.length
  return html`<div class="tiles">
    ${tile("organizations", model.organizationCount, "organizations", `${installed} installations`)}
    ${tile("credits", model.pendingRequests, "credit requests", "to accept or decline")}
    ${tile("credits", model.held, "reservations", "counting down")}
    ${tile("webhooks", model.deliveries.length, "deliveries", failed === 0 ? "all answered well" : `${failed} failed`)}
    ${tile("requests", model.requestCount, "requests", "since the start or reset")}
    ${tile("faults", steps + chances, "planned faults", `${steps} in scripts, ${chances} by chance`)}
  </div>`
}

const app = (one: ShownApp, model: Model): Html =>
  Parts.card(
    `App ${one.appNameId}`,
    html`<dl>
        <dt>App id</dt>
        <dd>${Parts.copyable(one.appId, "app id")}</dd>
        <dt>Install page</dt>
        <dd><a href="/apps/${one.appNameId}/installations/new">/apps/${one.appNameId}/installations/new</a></dd>
        <dt>Asks for</dt>
        <dd>
          <ul class="chips">
            ${Object.entries(one.permissions).map(
              ([name, level]) => html`<li><code>${name}</code> ${Parts.badge(level, "plain")}</li>`
            )}
          </ul>
        </dd>
      </dl>
      ${Parts.table(
        `Keys of ${one.appNameId}`,
        ["Key", "Actions"],
        one.keyFingerprints.map((fingerprint) => ({
          id: `key-${fingerprint}`,
          cells: [
            html`<code>SHA256:${fingerprint}</code>`,
            Parts.button(model, "Revoke", {
              action: "revokeKey",
              fields: { target: fingerprint },
              confirm: "Revoke this key? What it signs is refused from then on."
            })
          ]
        })),
        "No key: the app cannot sign in."
      )}`,
    [
      Parts.button(model, "Add key", { action: "addKey", fields: { target: one.appId } }),
      Parts.button(model, "Rotate key", {
        action: "rotateKey",
        fields: { target: one.appId },
        confirm: "Rotate the key? A new one is made and all older ones are revoked."
      })
    ]
  )

/** The section. */
export const overview = (model: Model): Html =>
  html`${tiles(model)} ${connect(model)} ${model.apps.map((one) => app(one, model))}
  ${Parts.card(
    "Start over",
    html`<p>
      Restores the first organizations, keys, clock and switches, and removes tokens, faults, credit requests,
      deliveries and the request log.
    </p>`,
    [
      Parts.button(model, "Reset", {
        action: "reset",
        fields: { target: "" },
        confirm: "Reset the simulator? Everything returns to its first state."
      })
    ]
  )}`
