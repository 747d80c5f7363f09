/** The books, credit requests to decide on, and reservations that count down. */
import type { CreditRequestView } from "../../CreditControl.ts"
import { type Html, html } from "../html.ts"
import type { Model, ShownReservation } from "./model.ts"
import * as Parts from "./parts.ts"

const tones: Readonly<Record<CreditRequestView["state"], Parts.Tone>> = {
  pending: "warn",
  pending_queue: "warn",
  processed: "good",
  failed: "bad",
  rejected: "plain"
}

const decide = (one: CreditRequestView, model: Model): Html =>
  html`<div class="actions">
    ${Parts.button(model, "Accept", { action: "acceptRequest", fields: { target: one.id } }, "")}
    ${Parts.button(model, "Decline", {
      action: "declineRequest",
      fields: { target: one.id },
      confirm: `Decline to ${one.action.replace("_", " and ")} ${one.amount} t of ${model.nameOf(one.organizationId)}?`
    })}
  </div>`

const request = (one: CreditRequestView, model: Model): Parts.Row => ({
  id: `request-${one.id}`,
  cells: [
    html`<strong>${model.nameOf(one.organizationId)}</strong>`,
    html`${one.action}`,
    html`<span class="figure">${one.amount} t</span>`,
    html`<small><code>${one.creditId}</code></small>`,
    html`<span class="state">${Parts.badge(one.state, tones[one.state])}</span>`,
    one.state === "pending" ? decide(one, model) : html``
  ]
})

const reservation = (one: ShownReservation, model: Model): Parts.Row => ({
  id: `reservation-${one.id}`,
  cells: [
    html`<strong>${model.nameOf(one.organizationId)}</strong>`,
    html`${model.nameOf(one.reserver)}`,
    html`<span class="figure">${one.amount} t</span>`,
    html`<small><code>${one.creditId}</code></small>`,
    model.now < one.heldTo ? Parts.countdown(one.heldTo) : Parts.badge("expired", "plain")
  ]
})

const figure = (label: string, amount: string) =>
  html`<div>
    <dt>${label}</dt>
    <dd class="figure">${amount} t</dd>
  </div>`

const books = ({ books }: Model): Html =>
  books === undefined
    ? html`<p class="soft">So many organizations are summed up on demand only: <code>control.credits.books</code>.</p>`
    : html`<dl class="books">
        ${figure("Held", books.held)} ${figure("Retired", books.retired)} ${figure("Cancelled", books.cancelled)}
        ${figure("Sent outside", books.outside)} ${figure("Total", books.total)}
      </dl>`

/** The section. */
export const credits = (model: Model): Html =>
  html`${Parts.card(
    "Credit requests",
    Parts.table(
      "Credit requests",
      ["Organization", "Action", "Amount", "Credit", "State", "Decision"],
      model.creditRequests.map((one) => request(one, model)),
      "Nobody has asked for anything yet. A request to an inventory appears here and waits for you."
    )
  )}
  ${Parts.card(
    "Reservations",
    Parts.table(
      "Reservations",
      ["Warehouse of", "Reserved by", "Amount", "Credit", "Held for"],
      model.reservations.map((one) => reservation(one, model)),
      "No credits are reserved. A reservation of an app appears here and counts down by the registry's clock."
    )
  )}
  ${Parts.card("Books", books(model))}`
