/** Building blocks of the dashboard's markup. */
import { type Html, html } from "../html.ts"
import { iso } from "../isoTime.ts"
import type { Model } from "./model.ts"
import { paths } from "./paths.ts"

export const none: ReadonlyArray<Html> = []

/** Markup that is there under a condition only. */
export const when = (condition: boolean, part: () => Html): ReadonlyArray<Html> => (condition ? [part()] : none)

export type Tone = "good" | "warn" | "bad" | "plain"

/** A short state in a colour of its own. The text alone says what the colour does. */
export const badge = (text: string | number, tone: Tone): Html => html`<span class="badge ${tone}">${text}</span>`

const day = (millis: number) => iso(millis).slice(0, 10)
const time = (millis: number) => iso(millis).slice(11, 19)

/** A time on the registry's clock (UTC), with the day unless it is today. */
export const moment = (at: number, { now }: Pick<Model, "now">): Html =>
  html`<time datetime="${iso(at)}" title="${iso(at)}">${day(at) === day(now) ? "" : `${day(at)} `}${time(at)}</time>`

/** A time to come. The script counts down to it by the registry's clock. */
export const countdown = (until: number): Html =>
  html`<time class="countdown" datetime="${iso(until)}" title="until ${iso(until)}" data-until="${until}"
    >until ${time(until)}</time
  >`

/** Copies a text. The script shows that it is done. */
export const copy = (text: string, what: string): Html =>
  html`<button type="button" class="copy" data-copy="${text}" aria-label="Copy ${what}">Copy</button>`

/** An id or address with a button that copies it. */
export const copyable = (text: string, what: string): Html =>
  html`<span class="copyable"><code>${text}</code> ${copy(text, what)}</span>`

/** Several lines with a button that copies them. */
export const block = (text: string, what: string): Html =>
  html`<div class="block">
    <pre tabindex="0" role="region" aria-label="${what}"><code>${text}</code></pre>
    ${copy(text, what)}
  </div>`

/** What a form does, and with what. */
export interface Press {
  readonly action: string
  readonly fields?: Readonly<Record<string, string | number>>
  /** A question to answer before it is done. */
  readonly confirm?: string
}

/**
 * A form of the dashboard. Other web sites can neither read nor guess the token, so they cannot submit it. Without a
 * script it is sent as a plain form.
 */
export const form = ({ controlToken }: Pick<Model, "controlToken">, press: Press, content: Html, look = ""): Html =>
  html`<form
    method="post"
    action="${paths.press}"
    class="${look}"
    hx-post="${paths.press}"
    hx-swap="none"
    ${when(press.confirm !== undefined, () => html`hx-confirm="${press.confirm ?? ""}"`)}
  >
    <input type="hidden" name="token" value="${controlToken}" />
    <input type="hidden" name="action" value="${press.action}" />
    ${Object.entries(press.fields ?? {}).map(
      ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`
    )}
    ${content}
  </form>`

/** A button that does one thing. */
export const button = (model: Pick<Model, "controlToken">, label: string, press: Press, look = "outline"): Html =>
  form(model, press, html`<button class="${press.confirm === undefined ? look : "outline danger"}">${label}</button>`)

/** Choices of a select. */
export const options = (all: ReadonlyArray<readonly [value: string, label: string]>, chosen?: string) =>
  all.map(([value, label]) =>
    value === chosen
      ? html`<option value="${value}" selected>${label}</option>`
      : html`<option value="${value}">${label}</option>`
  )

export interface Row {
  readonly id: string
  readonly cells: ReadonlyArray<Html>
}

/** A table whose rows become cards on a narrow screen. The roles keep it a table for a screen reader there. */
export const table = (label: string, columns: ReadonlyArray<string>, rows: ReadonlyArray<Row>, empty: string): Html =>
  rows.length === 0
    ? html`<p class="empty">${empty}</p>`
    : html`<table role="table" aria-label="${label}">
        <thead role="rowgroup">
          <tr role="row">
            ${columns.map((column) => html`<th role="columnheader" scope="col">${column}</th>`)}
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${rows.map(
            ({ cells, id }) =>
              html`<tr role="row" id="${id}">
                ${cells.map((cell, n) => html`<td role="cell" data-label="${columns[n] ?? ""}">${when(cell.markup !== "", () => html`<div>${cell}</div>`)}</td>`)}
              </tr>`
          )}
        </tbody>
      </table>`

/** A card with a heading. */
export const card = (title: string, content: Html, actions: ReadonlyArray<Html> = none): Html =>
  html`<article>
    <header>
      <h3>${title}</h3>
      ${when(actions.length > 0, () => html`<div class="actions">${actions}</div>`)}
    </header>
    ${content}
  </article>`

/** JSON with indentation; any other text as it is. */
export const pretty = (text: string): string => {
  // Numbers stay as they are written, since amounts have more digits than a double.
  if (!/^\s*[[{]/.test(text)) return text
  let depth = 0
  return text.replace(/"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|\s+/g, (part) => {
    const line = (by: number) => `\n${"  ".repeat(Math.max(0, (depth += by)))}`
    if (part === "{" || part === "[") return `${part}${line(1)}`
    if (part === "}" || part === "]") return `${line(-1)}${part}`
    if (part === ",") return `,${line(0)}`
    if (part === ":") return ": "
    return part.trim() === "" ? "" : part
  })
}
