/** The last requests, live. */
import type { RequestEntry } from "../../RequestLog.ts"
import { type Html, html } from "../html.ts"
import { quote } from "../shell.ts"
import type { Model } from "./model.ts"
import * as Parts from "./parts.ts"

const status = ({ durationMillis, status }: RequestEntry): Html => {
  if (status === null) return Parts.badge(durationMillis === null ? "waiting" : "no answer", "plain")
  return Parts.badge(status, status < 300 ? "good" : status < 400 ? "plain" : status < 500 ? "warn" : "bad")
}

const duration = ({ durationMillis }: RequestEntry) =>
  durationMillis === null ? "" : `${durationMillis.toFixed(durationMillis < 10 ? 1 : 0)} ms`

/** The same request as a command. Secrets are variables, since the log has none. */
const curl = (one: RequestEntry, { baseUrl }: Model): string =>
  [
    `curl -X ${one.method} ${quote(`${baseUrl}${one.path}`)}`,
    ...(one.credential === "jwt" ? [`-H "Authorization: Bearer $JWT"`] : []),
    ...(one.credential === "token" ? [`-H "Authorization: Bearer $TOKEN"`] : []),
    ...["x-icr-api-version", "content-type"].flatMap((name) => {
      const value = one.headers[name]
      return value === undefined ? [] : [`-H ${quote(`${name}: ${value}`)}`]
    }),
    ...(one.requestBody === null || one.requestBody === "" ? [] : [`--data ${quote(one.requestBody)}`])
  ].join(" \\\n  ")

const body = (text: string | null, title: string, what: string): Html =>
  html`<h3>${title}</h3>
    ${text === null || text === "" ? html`<p class="soft">None.</p>` : Parts.block(Parts.pretty(text), what)}`

/** Name of the organization in the path. */
const subject = ({ path }: RequestEntry, model: Model): Html => {
  const [, id] = /^\/organizations\/([\w-]+)/.exec(path) ?? []
  const name = id === undefined ? undefined : model.nameOf(id)
  return name === undefined || name === id ? html`` : html`<span class="soft">${name}</span>`
}

const request = (one: RequestEntry, model: Model): Html =>
  html`<details class="entry" id="request-${one.number}">
    <summary>
      <span class="number">${one.number}</span> ${Parts.moment(one.at, model)}
      <span class="call"><strong>${one.method}</strong> <code>${one.path}</code> ${subject(one, model)}</span>
      <span class="states"
        >${one.faults.map((fault) => Parts.badge(fault, "bad"))} ${status(one)}
        <span class="duration">${duration(one)}</span></span
      >
    </summary>
    <div class="panel">
      <dl>
        <dt>Route</dt>
        <dd>${one.route === null ? "none" : html`<code>${one.route}</code>`}</dd>
        <dt>Credential</dt>
        <dd>${one.credential}</dd>
        <dt>API version</dt>
        <dd>${one.apiVersion ?? "not supported"}</dd>
      </dl>
      <div class="bodies">
        <div>${body(one.requestBody, "Body of the request", `body of request ${one.number}`)}</div>
        <div>${body(one.responseBody, "Body of the answer", `body of answer ${one.number}`)}</div>
      </div>
      <h3>Headers of the request</h3>
      ${Parts.block(
        Object.entries(one.headers)
          .map(([name, value]) => `${name}: ${value}`)
          .join("\n"),
        `headers of request ${one.number}`
      )}
      <h3>As a command</h3>
      ${Parts.block(curl(one, model), `curl command of request ${one.number}`)}
    </div>
  </details>`

/** The section. */
export const requests = (model: Model): Html =>
  model.requests.length === 0
    ? html`<p class="empty">No request yet. The registry is at <code>${model.baseUrl}</code>.</p>`
    : html`<div class="entries">${model.requests.map((one) => request(one, model))}</div>
        ${Parts.when(
          model.requests.length < model.requestCount,
          () => html`<p class="soft">The last ${model.requests.length} of ${model.requestCount} are shown.</p>`
        )}`
