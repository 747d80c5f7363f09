/** Markup of the plain page, which shows the registry's state with a button for each action. */
import type { AppView, InstallationView, TokenView } from "../Control.ts"
import type { CreditRequestView } from "../CreditControl.ts"
import type { RequestEntry } from "../RequestLog.ts"
import type { Permissions } from "../Wire.ts"
import { type Html, html } from "./html.ts"
import { iso } from "./isoTime.ts"

/** Data that the page shows. */
export interface PageModel {
  readonly baseUrl: string
  readonly now: number
  readonly controlToken: string
  readonly apps: ReadonlyArray<
    AppView & { readonly permissions: Permissions; readonly shown: ReadonlyArray<InstallationView> }
  >
  /** Newest first. */
  readonly creditRequests: ReadonlyArray<CreditRequestView>
  readonly tokens: ReadonlyArray<TokenView>
  readonly requests: ReadonlyArray<RequestEntry>
}

const style = html`<style>
  body {
    font:
      15px/1.45 system-ui,
      sans-serif;
    margin: 2rem auto;
    max-width: 72rem;
    padding: 0 1rem;
    color: #1b1f23;
  }
  table {
    border-collapse: collapse;
    width: 100%;
    margin: 0.5rem 0 1.5rem;
  }
  th,
  td {
    text-align: left;
    padding: 0.3rem 0.6rem;
    border-bottom: 1px solid #d8dee4;
    vertical-align: top;
  }
  code,
  pre {
    font:
      13px/1.4 ui-monospace,
      monospace;
    overflow-wrap: anywhere;
  }
  form {
    display: inline;
  }
  .permissions label {
    display: flex;
    justify-content: space-between;
    gap: 0.5rem;
  }
  button {
    font: inherit;
    font-size: 13px;
    margin: 0 0.2rem 0.2rem 0;
  }
</style>`

/** Choices for a permission: not granted, the levels seen on the wire, and the installation's own (Permissions). */
const levelsFor = (present = ""): ReadonlyArray<string> => [...new Set(["", "VIEW", "REQUEST", "WRITE", present])]

/** Wraps a body in a complete page. */
export const frame = (title: string, body: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${style}
      </head>
      <body>
        ${body}
      </body>
    </html>`.markup

/** The plain page. */
export const page = (model: PageModel): string => {
  // Other web sites can neither read nor guess the token, so they cannot submit these forms.
  const button = (label: string, action: string, target = "") =>
    html`<form method="post" action="/_simulator/page">
      <input type="hidden" name="token" value="${model.controlToken}" />
      <input type="hidden" name="action" value="${action}" />
      <input type="hidden" name="target" value="${target}" />
      <button>${label}</button>
    </form>`

  // One field for each permission that the app asks for or the installation has; empty means not granted.
  const permissions = (one: InstallationView, asked: Permissions) =>
    html`<form method="post" action="/_simulator/page" class="permissions">
      <input type="hidden" name="token" value="${model.controlToken}" />
      <input type="hidden" name="action" value="setPermissions" />
      <input type="hidden" name="target" value="${one.id}" />
      ${Object.keys({ ...asked, ...one.permissions }).map(
        (name) =>
          html`<label
            ><code>${name}</code>
            <select name="permission:${name}">
              ${levelsFor(one.permissions[name]).map((level) =>
                level === (one.permissions[name] ?? "")
                  ? html`<option selected>${level}</option>`
                  : html`<option>${level}</option>`
              )}
            </select></label
          >`
      )}
      <button>Change permissions</button>
    </form>`

  const installation = (one: InstallationView, asked: Permissions) =>
    html`<tr data-installation="${one.id}">
      <td><code>${one.id}</code></td>
      <td><code>${one.organizationId}</code></td>
      <td class="status">${one.status}</td>
      <td>${permissions(one, asked)} ${one.pending === undefined ? [] : [html`<em>waiting for approval</em>`]}</td>
      <td>
        ${one.status === "active" ? button("Suspend", "suspend", one.id) : button("Unsuspend", "unsuspend", one.id)}
        ${button("Uninstall", "uninstall", one.id)}
        ${one.pending === undefined ? [] : [button("Approve", "approve", one.id), button("Reject", "reject", one.id)]}
      </td>
    </tr>`

  const app = (one: PageModel["apps"][number]) =>
    html`<h2>App ${one.appNameId}</h2>
      <p><code>${one.appId}</code></p>
      <p>
        Keys:
        ${one.keyFingerprints.map(
          (fingerprint) => html`<code>SHA256:${fingerprint}</code> ${button("Revoke", "revokeKey", fingerprint)} `
        )}
        ${button("Add key", "addKey", one.appId)} ${button("Rotate key", "rotateKey", one.appId)}
      </p>
      <h3>Installations (${one.installations})</h3>
      <p>${button("Install on a new organization", "install", one.appId)}</p>
      <table>
        <tr>
          <th>Installation</th>
          <th>Organization</th>
          <th>Status</th>
          <th>Permissions</th>
          <th></th>
        </tr>
        ${one.shown.map((shown) => installation(shown, one.permissions))}
      </table>
      ${one.shown.length < one.installations ? [html`<p>The first ${one.shown.length} are shown.</p>`] : []}`

  const creditRequest = (one: CreditRequestView) =>
    html`<tr data-request="${one.id}">
      <td><code>${one.organizationId}</code></td>
      <td>${one.action}</td>
      <td>${one.amount} t</td>
      <td><code>${one.creditId}</code></td>
      <td class="state">${one.state}</td>
      <td>
        ${
          one.state === "pending"
            ? [button("Accept", "acceptRequest", one.id), button("Decline", "declineRequest", one.id)]
            : []
        }
      </td>
    </tr>`

  const token = (one: TokenView) =>
    html`<tr>
      <td><code>${one.masked}</code></td>
      <td><code>${one.installationId ?? one.organizationId ?? (one.appId === undefined ? "user" : "app")}</code></td>
      <td>${one.expiresAt <= model.now ? "expired" : html`until ${iso(one.expiresAt)}`}</td>
      <td>${button("Revoke", "revokeToken", one.id)}</td>
    </tr>`

  const request = (one: RequestEntry) =>
    html`<tr>
      <td>${one.number}</td>
      <td>${iso(one.at)}</td>
      <td><code>${one.method} ${one.path}</code></td>
      <td>${one.credential}</td>
      <td>${one.status ?? "no answer"}</td>
      <td>${one.faults.join(", ")}</td>
    </tr>`

  return frame(
    "ICR simulator",
    html`<h1>International Carbon Registry, simulated</h1>
      <p>
        <code>${model.baseUrl}</code> · <a href="/docs">API reference</a> · <a href="/openapi.json">openapi.json</a> ·
        clock
        <code>${iso(model.now)}</code>
      </p>
      <p>
        ${button("Clock 1 minute ahead", "skewClock", "60000")} ${button("Clock right", "skewClock", "0")}
        ${button("Expire all tokens", "expireAllTokens")} ${button("Clear faults", "clearFaults")}
        ${button("Reset", "reset")}
      </p>
      ${model.apps.map(app)}
      <h2>Credit requests</h2>
      <table id="credit-requests">
        <tr>
          <th>Organization</th>
          <th>Action</th>
          <th>Amount</th>
          <th>Credit</th>
          <th>State</th>
          <th></th>
        </tr>
        ${model.creditRequests.map(creditRequest)}
      </table>
      <h2>Tokens</h2>
      <table id="tokens">
        <tr>
          <th>Token</th>
          <th>Installation</th>
          <th>Life</th>
          <th></th>
        </tr>
        ${model.tokens.map(token)}
      </table>
      <h2>Last requests</h2>
      <table id="requests">
        <tr>
          <th>No</th>
          <th>Time</th>
          <th>Request</th>
          <th>Credential</th>
          <th>Answer</th>
          <th>Faults</th>
        </tr>
        ${model.requests.map(request)}
      </table>`
  )
}

/** Shows a new private key once, as the registry's dashboard does. */
export const newKeyPage = (fingerprint: string, pem: string): string =>
  frame(
    "New key",
    html`<h1>New key</h1>
      <p>Save this now; it is not kept. Fingerprint <code>SHA256:${fingerprint}</code></p>
      <pre>${pem}</pre>
      <p><a href="/">Back</a></p>`
  )

/** Says why an action was not done. */
export const complaintPage = (message: string): string =>
  frame(
    "Not done",
    html`<h1>Not done</h1>
      <p>${message}</p>
      <p><a href="/">Back</a></p>`
  )
