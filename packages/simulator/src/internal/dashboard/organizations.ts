/** Organizations by name, with their installations, permissions and credits. */
import type { InstallationView } from "../../Control.ts"
import { organizationTypes } from "../../Wire.ts"
import { type Html, html } from "../html.ts"
import type { Model, ShownHolding, ShownOrganization } from "./model.ts"
import * as Parts from "./parts.ts"
import { paths } from "./paths.ts"

/** Choices for a permission: not granted, the levels seen on the wire, and the installation's own (Permissions). */
const levelsFor = (present = ""): ReadonlyArray<string> => [...new Set(["", "VIEW", "REQUEST", "WRITE", present])]

/** One field for each permission that the app asks for or the installation has; empty means not granted. */
const permissions = (one: InstallationView, model: Model): Html => {
  const asked = model.apps.find(({ appId }) => appId === one.appId)?.permissions ?? {}
  return Parts.form(
    model,
    { action: "setPermissions", fields: { target: one.id } },
    html`${Object.keys({ ...asked, ...one.permissions }).map(
        (name) =>
          html`<label
            ><code>${name}</code>
            <select name="permission:${name}">
              ${Parts.options(
                levelsFor(one.permissions[name]).map((level) => [level, level === "" ? "not granted" : level]),
                one.permissions[name] ?? ""
              )}
            </select></label
          >`
      )} <button class="outline">Change permissions</button>`,
    "permissions"
  )
}

const pending = (one: InstallationView, model: Model): Html =>
  html`<div class="asking">
    <p><strong>Waiting for approval:</strong> the app asks for new permissions.</p>
    <ul class="chips">
      ${Object.entries(one.pending ?? {}).map(
        ([name, level]) => html`<li><code>${name}</code> ${Parts.badge(level, "plain")}</li>`
      )}
    </ul>
    <div class="actions">
      ${Parts.button(model, "Approve", { action: "approve", fields: { target: one.id } }, "")}
      ${Parts.button(model, "Reject", { action: "reject", fields: { target: one.id } })}
    </div>
  </div>`

const status = (one: InstallationView) => html`<span class="status">${one.status}</span>`

const installation = (one: InstallationView, owner: ShownOrganization, model: Model): Html => {
  const name = model.apps.find(({ appId }) => appId === one.appId)?.appNameId ?? one.appId
  return html`<section class="installation" data-installation="${one.id}" aria-label="${name} on ${owner.fullName}">
    <h3>Installation of ${name}</h3>
    <p>${Parts.copyable(one.id, "installation id")} · ${status(one)}</p>
    ${Parts.when(one.pending !== undefined, () => pending(one, model))} ${permissions(one, model)}
    <div class="actions">
      ${
        one.status === "active"
          ? Parts.button(model, "Suspend", { action: "suspend", fields: { target: one.id } })
          : Parts.button(model, "Unsuspend", { action: "unsuspend", fields: { target: one.id } })
      }
      ${Parts.button(model, "Uninstall", {
        action: "uninstall",
        fields: { target: one.id },
        confirm: `Uninstall ${name} from ${owner.fullName}? Its tokens end for good.`
      })}
    </div>
  </section>`
}

const setHolding = (one: ShownHolding, owner: ShownOrganization, model: Model): Html =>
  Parts.form(
    model,
    {
      action: "setHolding",
      fields: { organizationId: owner.id, place: one.place, creditId: one.creditId }
    },
    html`<input
        name="amount"
        value="${one.amount}"
        inputmode="decimal"
        required
        aria-label="Tonnes of ${one.creditId} in the ${one.place}"
      />
      <button class="outline">Set</button>`,
    "inline"
  )

const holdings = (place: ShownHolding["place"], title: string, owner: ShownOrganization, model: Model): Html =>
  html`<h3>${title}</h3>
    ${Parts.table(
      `${title} of ${owner.fullName}`,
      ["Credit", "Vintage", "Tonnes"],
      owner.holdings
        .filter((one) => one.place === place)
        .map((one) => ({
          id: `${place}-${owner.id}-${one.creditId}`,
          cells: [
            html`${one.project} <small>${Parts.copyable(one.creditId, "credit id")}</small>`,
            html`${one.vintage}`,
            setHolding(one, owner, model)
          ]
        })),
      "Nothing here."
    )}`

/** What the closed line says about the installations. */
const states = ({ installations }: ShownOrganization): ReadonlyArray<Html> => [
  ...installations.map(({ status }) => Parts.badge(status, status === "active" ? "good" : "warn")),
  ...Parts.when(installations.length === 0, () => Parts.badge("not installed", "plain")),
  ...Parts.when(
    installations.some((one) => one.pending !== undefined),
    () => Parts.badge("asks for permissions", "warn")
  )
]

const organization = (owner: ShownOrganization, model: Model): Html =>
  html`<details class="entry" id="organization-${owner.id}">
    <summary>
      <strong>${owner.fullName}</strong> <span class="soft">${owner.type} · ${owner.countryCode ?? "no country"}</span>
      <span class="states">${states(owner)}</span>
    </summary>
    <div class="panel">
      <p>${Parts.copyable(owner.id, "organization id")}</p>
      ${owner.installations.map((one) => installation(one, owner, model))}
      ${model.apps
        .filter(({ appId }) => owner.installations.every((one) => one.appId !== appId))
        .map(({ appId, appNameId }) =>
          Parts.button(model, `Install ${appNameId}`, {
            action: "install",
            fields: { target: appId, organizationId: owner.id }
          })
        )}
      ${holdings("inventory", "Inventory", owner, model)} ${holdings("warehouse", "Warehouse", owner, model)}
    </div>
  </details>`

/** The field that finds organizations. It is sent with every question for what has changed. */
export const find = (): Html =>
  html`<input
    type="search"
    name="wanted"
    class="seen find"
    placeholder="Find by name or id"
    aria-label="Find an organization by name or id"
    autocomplete="off"
    hx-get="${paths.live}"
    hx-trigger="input changed delay:200ms"
    hx-include=".seen"
    hx-swap="none"
  />`

/** The form that installs an app on a new organization. */
export const install = (model: Model): Html =>
  Parts.card(
    "Install on a new organization",
    Parts.form(
      model,
      { action: "install" },
      html`<label
          >App
          <select name="target">
            ${Parts.options(model.apps.map(({ appId, appNameId }) => [appId, appNameId]))}
          </select></label
        >
        <label>Name <input name="fullName" placeholder="follows from the seed" autocomplete="off" /></label>
        <label
          >Type
          <select name="organizationType">
            ${Parts.options([["", "any"], ...organizationTypes.map((type) => [type, type] as const)])}
          </select></label
        >
        <button>Install</button>`,
      "fields"
    )
  )

/** The list. */
export const organizations = (model: Model): Html =>
  html`<div class="entries">${model.organizations.map((one) => organization(one, model))}</div>
    ${Parts.when(model.organizations.length === 0, () => html`<p class="empty">No organization of this name.</p>`)}
    ${Parts.when(
      model.organizations.length < model.organizationCount,
      () => html`<p class="soft">${model.organizations.length} of ${model.organizationCount} are shown.</p>`
    )}`
