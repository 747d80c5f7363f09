/** Access tokens, without their values. */
import type { TokenView } from "../../Control.ts"
import { type Html, html } from "../html.ts"
import type { Model } from "./model.ts"
import * as Parts from "./parts.ts"

/** Whose token it is. */
const holder = ({ appId, installationId, organizationId }: TokenView, model: Model): string => {
  const app = model.apps.find((one) => one.appId === appId)?.appNameId
  if (organizationId !== undefined) {
    const name = model.nameOf(organizationId)
    return installationId === undefined ? `${name} itself` : `${app ?? "an app"} on ${name}`
  }
  return app === undefined ? "a user" : `${app} itself`
}

const token = (one: TokenView, model: Model): Parts.Row => ({
  id: `token-${one.id}`,
  cells: [
    html`<code>${one.masked}</code>`,
    html`${holder(one, model)}`,
    one.expiresAt <= model.now ? Parts.badge("expired", "plain") : Parts.countdown(one.expiresAt),
    Parts.button(model, "Revoke", {
      action: "revokeToken",
      fields: { target: one.id },
      confirm: `Revoke the token ${one.masked}? Calls with it are refused from then on.`
    })
  ]
})

/** The section. */
export const tokens = (model: Model): Html =>
  Parts.card(
    "Issued tokens",
    html`${Parts.table(
      "Tokens",
      ["Token", "Of", "Expires in", "Actions"],
      model.tokens.map((one) => token(one, model)),
      "No token was issued yet."
    )}
    ${Parts.when(
      model.tokens.length < model.tokenCount,
      () => html`<p class="soft">The newest ${model.tokens.length} are shown.</p>`
    )}`,
    [
      Parts.button(model, "Expire all tokens", {
        action: "expireAllTokens",
        fields: { target: "" },
        confirm: "Expire all tokens? Every program has to get new ones."
      })
    ]
  )
