/** The registry's clock: what it shows, how far it is ahead, and ways to move it. */
import { type Html, html } from "../html.ts"
import { iso } from "../isoTime.ts"
import type { Model } from "./model.ts"
import * as Parts from "./parts.ts"

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const units = [
  ["days", 24 * hour],
  ["hours", hour],
  ["minutes", minute],
  ["seconds", second]
] as const

/** A length of time in words, such as `2 hours 5 minutes`. */
const inWords = (millis: number): string => {
  let rest = Math.abs(millis)
  const words: Array<string> = []
  for (const [unit, length] of units) {
    const count = Math.floor(rest / length)
    rest -= count * length
    if (count > 0) words.push(`${count} ${count === 1 ? unit.slice(0, -1) : unit}`)
  }
  if (rest > 0) words.push(`${rest} ms`)
  return words.join(" ")
}

/** How far the clock is from the machine's. */
export const skewInWords = (skew: number): string =>
  skew === 0 ? "right" : `${inWords(skew)} ${skew > 0 ? "ahead" : "behind"}`

/** The time, for the header. It is sent with every answer. */
export const face = ({ now, skew }: Pick<Model, "now" | "skew">): Html =>
  html`<time id="now" datetime="${iso(now)}" data-now="${now}" title="${iso(now)}">${iso(now).slice(11, 19)}</time>
    <span class="soft">UTC</span> ${Parts.when(skew !== 0, () => Parts.badge(skewInWords(skew), "warn"))}`

const steps = [
  ["10 seconds", 10 * second],
  ["1 minute", minute],
  ["10 minutes", 10 * minute],
  ["2 hours", 2 * hour],
  ["1 day", 24 * hour]
] as const

/** What is shown of the clock. */
export const clock = (model: Model): Html =>
  Parts.card(
    "Clock",
    html`<p id="skew">The registry's clock is <strong>${skewInWords(model.skew)}</strong>.</p>
      <h4>Move it on</h4>
      <div class="actions">
        ${steps.map(([label, by]) => Parts.button(model, `+ ${label}`, { action: "moveClock", fields: { target: by } }))}
      </div>
      <p class="soft">Tokens and reservations run out, and accepted requests are processed, by this clock.</p>`,
    [
      Parts.button(model, "1 minute ahead", { action: "skewClock", fields: { target: minute } }),
      Parts.button(model, "Set right", { action: "skewClock", fields: { target: 0 } })
    ]
  )

const inTests = [
  "// How far ahead of Effect's clock: both layers",
  'yield* control.skewClock("10 minutes")',
  "// In virtual time, with Simulator.layer: both sides move",
  'yield* TestClock.adjust("2 hours")'
].join("\n")

const overHttp = [
  `curl -X PUT -H "Authorization: Bearer $ICR_CONTROL_TOKEN" -H 'content-type: application/json'`,
  `--data '{"skewMillis":600000}' "$ICR_BASE_URL/_simulator/clock"`
].join(" \\\n  ")

/** The form for any skew, and how a test moves the clock. */
export const skewForms = (model: Model): Html =>
  html`${Parts.card(
    "Set the skew",
    Parts.form(
      model,
      { action: "setSkew" },
      html`<label>Amount <input name="amount" type="number" min="0" step="any" value="5" required /></label>
        <label
          >Unit
          <select name="unit">
            ${Parts.options(
              units.map(([unit, length]) => [String(length), unit] as const),
              String(minute)
            )}
          </select></label
        >
        <label
          >Direction
          <select name="direction">
            ${Parts.options([
              ["1", "ahead"],
              ["-1", "behind"]
            ])}
          </select></label
        >
        <button>Set</button>`,
      "fields"
    )
  )}
  ${Parts.card(
    "In a test",
    html`${Parts.block(inTests, "how a test moves the clock")}
      <p>From another language:</p>
      ${Parts.block(overHttp, "curl command that sets the clock")}`
  )}`
