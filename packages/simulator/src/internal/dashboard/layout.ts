/** The dashboard's page, and the parts of it that change. */
import { createHash } from "node:crypto"
import { type Html, html } from "../html.ts"
import { asset } from "./assets.ts"
import * as Clock from "./clock.ts"
import { credits } from "./credits.ts"
import { faultForm, faults } from "./faults.ts"
import type { Model } from "./model.ts"
import { find, install, organizations } from "./organizations.ts"
import { overview } from "./overview.ts"
import * as Parts from "./parts.ts"
import { paths } from "./paths.ts"
import { requests } from "./requests.ts"
import { tokens } from "./tokens.ts"
import { webhooks } from "./webhooks.ts"

interface Section {
  readonly id: string
  readonly title: string
  readonly lead: string
  /** Changes while the page is open. */
  readonly live: (model: Model) => Html
  /** Parts that do not change, so that nobody's input is disturbed. */
  readonly above?: (model: Model) => Html
  readonly below?: (model: Model) => Html
  /** Shown beside the title in the navigation. */
  readonly count?: (model: Model) => number
}

const sections: ReadonlyArray<Section> = [
  { id: "overview", title: "Overview", lead: "What there is, and how to reach it.", live: overview },
  {
    id: "organizations",
    title: "Organizations",
    lead: "Who has installed the app, with what permissions, and which credits they hold.",
    live: organizations,
    above: find,
    below: install,
    count: ({ organizationCount }) => organizationCount
  },
  {
    id: "credits",
    title: "Credits",
    lead: "Decide on credit requests as an administrator, and see reservations run out.",
    live: credits,
    count: ({ held, pendingRequests }) => pendingRequests + held
  },
  {
    id: "webhooks",
    title: "Webhooks",
    lead: "Every delivery with its body and answer.",
    live: webhooks,
    count: ({ deliveries }) => deliveries.length
  },
  {
    id: "requests",
    title: "Requests",
    lead: "The registry's log, newest first, without secrets.",
    live: requests,
    count: ({ requestCount }) => requestCount
  },
  {
    id: "faults",
    title: "Faults",
    lead: "Failures between the registry and a program.",
    live: faults,
    above: faultForm,
    count: ({ planned: { probabilities, scripts } }) => probabilities.length + scripts.length
  },
  {
    id: "tokens",
    title: "Tokens",
    lead: "Issued access tokens. Their values are shown to nobody but their owners.",
    live: tokens,
    count: ({ tokenCount }) => tokenCount
  },
  {
    id: "clock",
    title: "Clock",
    lead: "The time that the registry believes in.",
    live: Clock.clock,
    below: Clock.skewForms
  }
]

const navigation = (model: Model): Html =>
  html`<ul>
    ${sections.map(({ count, id, title }) => {
      const shown = count?.(model) ?? 0
      return html`<li>
        <a href="#${id}">${title} ${Parts.when(shown > 0, () => html`<span class="count">${shown}</span>`)}</a>
      </li>`
    })}
  </ul>`

/** A part that changes. Its version says what the browser has, so that only what has changed is sent again. */
const part = (name: string, content: Html) => {
  const version = createHash("sha256").update(content.markup).digest("base64url").slice(0, 12)
  return {
    name,
    version,
    markup: html`<div id="live-${name}">
      <input type="hidden" class="seen" name="${name}" value="${version}" />${content}
    </div>`
  }
}

const parts = (model: Model) => [
  part("navigation", navigation(model)),
  ...sections.map(({ id, live }) => part(id, live(model)))
]

/** The parts whose versions the browser has not, and the time. */
export const changes = (model: Model, seen: Readonly<Record<string, string>>): Html =>
  html`<hx-partial hx-target="#face" hx-swap="innerMorph">${Clock.face(model)}</hx-partial> ${parts(model)
      .filter(({ name, version }) => seen[name] !== version)
      .map(
        ({ markup, name }) => html`<hx-partial hx-target="#live-${name}" hx-swap="outerMorph">${markup}</hx-partial>`
      )}`

/** Scripts see no inline code, and htmx evaluates none. Open details and the current link are the browser's own. */
const htmxConfig = JSON.stringify({
  includeIndicatorCSS: false,
  history: false,
  morphIgnore: ["data-htmx-powered", "open", "aria-current"]
})

/** A whole document with the dashboard's look. */
export const document = (title: string, body: Html, isLive: boolean): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${asset("pico.css")}" />
        <link rel="stylesheet" href="${asset("frame.css")}" />
        <link rel="stylesheet" href="${asset("parts.css")}" />
        <link rel="stylesheet" href="${asset("lists.css")}" />
        <script src="${asset("theme.js")}"></script>
        ${Parts.when(
          isLive,
          () =>
            html`<meta name="htmx-config" content="${htmxConfig}" />
              <script src="${asset("htmx.js")}" defer></script>
              <script src="${asset("dashboard.js")}" defer></script>`
        )}
      </head>
      <body>
        ${body}
      </body>
    </html>`.markup

const header = (model: Model): Html =>
  html`<a class="skip" href="#main">Skip to the content</a>
    <header class="top">
      <h1>ICR <span>simulator</span></h1>
      <span id="connection" class="badge good" role="status">running</span>
      <span class="address">${Parts.copyable(model.baseUrl, "base URL")}</span>
      <a class="face" href="#clock" title="The registry's clock"><span id="face">${Clock.face(model)}</span></a>
      <span class="links">
        <a href="/docs">API reference</a>
        <a href="/openapi.json">openapi.json</a>
        <button type="button" id="theme" class="copy">Light or dark</button>
      </span>
    </header>`

const dialogs = html`<div id="notices" role="status" aria-live="polite"></div>
  <dialog id="confirm" aria-labelledby="question">
    <article>
      <p id="question"></p>
      <footer>
        <button type="button" value="no" class="secondary outline">Cancel</button>
        <button type="button" value="yes" class="danger">Yes</button>
      </footer>
    </article>
  </dialog>
  <dialog id="reveal" aria-label="Shown once">
    <article>
      <div id="revealed"></div>
      <footer><button type="button" value="no">Close</button></footer>
    </article>
  </dialog>`

/** The page. `run` names this run of the simulator. */
export const page = (model: Model, run: string): string => {
  const live = new Map(parts(model).map(({ markup, name }) => [name, markup]))
  return document(
    "ICR simulator",
    html`${header(model)}
      <div
        id="poll"
        hx-get="${paths.live}"
        hx-trigger="every 1s, refresh from:body"
        hx-include=".seen"
        hx-swap="none"
        hx-sync="this:queue last"
      ></div>
      <input type="hidden" class="seen" name="run" value="${run}" />
      <div class="columns">
        <nav aria-label="Sections">${live.get("navigation") ?? ""}</nav>
        <main id="main" tabindex="-1">
          ${sections.map(
            ({ above, below, id, lead, title }) =>
              html`<section id="${id}" aria-labelledby="title-${id}">
                <h2 id="title-${id}">${title}</h2>
                <p class="soft">${lead}</p>
                ${above?.(model) ?? ""} ${live.get(id) ?? ""} ${below?.(model) ?? ""}
              </section>`
          )}
        </main>
      </div>
      ${dialogs}`,
    true
  )
}

/** A page of its own, for a browser without scripts. */
export const plainPage = (title: string, content: Html): string =>
  document(
    title,
    html`<main class="alone">
      ${content}
      <p><a href="/">Back</a></p>
    </main>`,
    false
  )
