/** The form that plans faults, and what is planned. */
import type { FaultStep } from "../../Fault.ts"
import { routes } from "../../Route.ts"
import { type Html, html } from "../html.ts"
import { describe, kindFields, kindOptions } from "./faultKinds.ts"
import type { Model } from "./model.ts"
import * as Parts from "./parts.ts"
import { paths } from "./paths.ts"

const anyRoute = ["*", "any route"] as const

/** The form. The fields of the chosen kind come from the server. */
export const faultForm = (model: Model): Html =>
  Parts.card(
    "Plan a fault",
    Parts.form(
      model,
      { action: "planFault" },
      html`<label class="wide"
          >Route
          <select name="route">
            ${Parts.options([anyRoute, ...routes.map((route) => [route, route] as const)])}
          </select></label
        >
        <label
          >Fault
          <select
            name="kind"
            hx-get="${paths.faultFields}"
            hx-trigger="change"
            hx-target="#fault-fields"
            hx-swap="innerHTML"
          >
            ${Parts.options(kindOptions)}
          </select></label
        >
        <div id="fault-fields" class="wide fields" aria-live="polite">${kindFields("Status")}</div>
        <label>Requests <input type="number" name="count" value="1" min="1" max="1000" required /></label>
        <button name="mode" value="next">Plan for the next requests</button>
        <label
          >Chance in % <input type="number" name="percent" value="20" min="0" max="100" step="any" required
        /></label>
        <button name="mode" value="chance" class="outline">Plan by chance</button>`,
      "fields"
    )
  )

const step = (one: FaultStep): string => {
  if (one === "pass") return "pass"
  return "_tag" in one ? describe(one) : one.map(describe).join(" + ")
}

/** Equal steps in a row as one line: `3 × Status (status: 503)`. */
const lines = (steps: ReadonlyArray<FaultStep>): ReadonlyArray<string> => {
  const counted: Array<{ text: string; count: number }> = []
  for (const one of steps) {
    const text = step(one)
    const last = counted.at(-1)
    if (last?.text === text) last.count++
    else counted.push({ text, count: 1 })
  }
  return counted.map(({ count, text }) => (count === 1 ? text : `${count} × ${text}`))
}

const named = (route: string) => html`<code>${route === "*" ? anyRoute[1] : route}</code>`

/** What is planned. */
export const faults = ({ planned, ...model }: Model): Html =>
  Parts.card(
    "Planned",
    Parts.table(
      "Planned faults",
      ["Route", "When", "Fault"],
      [
        ...planned.scripts.map(({ route, steps }, n) => ({
          id: `script-${n}`,
          cells: [
            named(route),
            html`the next ${steps.length} ${steps.length === 1 ? "request" : "requests"}`,
            html`<ol class="steps">
              ${lines(steps).map((line) => html`<li>${line}</li>`)}
            </ol>`
          ]
        })),
        ...planned.probabilities.map(({ faults, probability, route }, n) => ({
          id: `chance-${n}`,
          cells: [named(route), html`${Math.round(probability * 1_000) / 10} % of requests`, html`${step(faults)}`]
        }))
      ],
      "No fault is planned: every request gets its real answer."
    ),
    [
      Parts.button(model, "Clear faults", {
        action: "clearFaults",
        fields: { target: "" },
        confirm: "Clear all planned faults?"
      })
    ]
  )
