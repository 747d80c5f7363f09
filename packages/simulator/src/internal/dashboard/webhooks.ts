/** Webhooks: where they go, what was delivered, and deliveries to send again or to make up. */
import type { Delivery } from "../../Webhooks.ts"
import { type Html, html } from "../html.ts"
import type { Model, ShownApp } from "./model.ts"
import * as Parts from "./parts.ts"

/** Ways to send a delivery. */
export const manners = [
  ["genuine", "as it is"],
  ["previous", "signed with the previous secret"],
  ["none", "without a signature"],
  ["signature", "with a changed signature"],
  ["signedData", "with changed signed data"],
  ["outer", "with a changed event outside the signed data"]
] as const

const events = [
  "installed",
  "uninstalled",
  "suspended",
  "unsuspended",
  "newPermissionsAccepted",
  "organizationTransaction",
  "warehouseTransaction"
] as const

const app = (one: ShownApp, model: Model): Html =>
  Parts.card(
    `Webhook of ${one.appNameId}`,
    html`${Parts.form(
        model,
        { action: "setWebhook", fields: { target: one.appId } },
        html`<label class="double"
            >Deliver to
            <input
              name="url"
              type="url"
              value="${one.webhookUrl ?? ""}"
              placeholder="http://127.0.0.1:3000/webhook, or empty for none"
              autocomplete="off"
            />
          </label>
          <button class="outline">Save</button>`,
        "fields"
      )}
      <p class="soft">
        Deliveries are ${one.isSigned ? "signed" : "not signed, since the app has no secret"}.
        ${one.isInProcess ? "They go to a receiver in this process." : ""}
      </p>`,
    [
      Parts.button(model, "Rotate secret", {
        action: "rotateSecret",
        fields: { target: one.appId },
        confirm: "Rotate the webhook secret? Deliveries are signed with the new one at once."
      })
    ]
  )

const outcome = ({ failure, status }: Delivery): Html => {
  if (failure !== null) return Parts.badge("failed", "bad")
  if (status === null) return Parts.badge("sending", "plain")
  return Parts.badge(status, status < 300 ? "good" : "bad")
}

const again = (one: Delivery, model: Model): Html =>
  Parts.form(
    model,
    { action: "redeliver", fields: { target: one.number } },
    html`<label
        >Send again
        <select name="manner">
          ${Parts.options(manners)}
        </select></label
      >
      <button>Redeliver</button>`,
    "fields"
  )

const delivery = (one: Delivery, model: Model): Html =>
  html`<details class="entry" id="delivery-${one.number}">
    <summary>
      <span class="number">${one.number}</span> ${Parts.moment(one.at, model)} <strong>${one.event}</strong>
      <span class="soft">${one.repeats === null ? "" : `repeats ${one.repeats}`}</span>
      <span class="states">${outcome(one)}</span>
    </summary>
    <div class="panel">
      <dl>
        <dt>To</dt>
        <dd><code>${one.url ?? "a receiver in this process"}</code></dd>
        <dt>Signature</dt>
        <dd><code>${one.signature ?? "none"}</code></dd>
        ${Parts.when(
          one.failure !== null,
          () =>
            html`<dt>Failure</dt>
              <dd>${one.failure ?? ""}</dd>`
        )}
      </dl>
      ${Parts.block(Parts.pretty(one.body), `body of delivery ${one.number}`)} ${again(one, model)}
    </div>
  </details>`

/** The form that makes up an event. */
export const send = (model: Model): Html =>
  Parts.form(
    model,
    { action: "sendEvent" },
    html`<label
        >Event
        <select name="event">
          ${Parts.options(events.map((event) => [event, event]))}
        </select></label
      >
      <label
        >About
        <select name="target">
          ${Parts.options(
            model.organizations.flatMap(({ fullName, installations }) =>
              installations.map(({ id }) => [id, fullName] as const)
            )
          )}
        </select></label
      >
      <label
        >Send it
        <select name="manner">
          ${Parts.options(manners)}
        </select></label
      >
      <button class="outline">Send</button>`,
    "fields"
  )

/** The section. */
export const webhooks = (model: Model): Html =>
  html`${model.apps.map((one) => app(one, model))} ${Parts.card("Make up an event", send(model))}
  ${Parts.card(
    "Deliveries",
    model.deliveries.length === 0
      ? html`<p class="empty">
          Nothing was delivered yet. Give a URL, then suspend an organization or make up an event.
        </p>`
      : html`<div class="entries">${model.deliveries.map((one) => delivery(one, model))}</div>`
  )}`
