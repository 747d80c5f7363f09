/** The dashboard's forms, as they arrive. */
import * as Schema from "effect/Schema"
import { Route } from "../../Route.ts"
import { OrganizationType } from "../../Wire.ts"
import { fieldsOfForm } from "./faultKinds.ts"

/** Prefix of the permissions form's fields, before the permission's name. */
export const permissionField = "permission:"

const token = Schema.RedactedFromValue(Schema.String)
/** How to send a delivery. */
export const Manner = Schema.Literals(["genuine", "previous", "none", "signature", "signedData", "outer"])

const form = <Action extends string, Fields extends Schema.Struct.Fields>(action: Action, fields: Fields) =>
  Schema.Struct({ token, action: Schema.Literal(action), ...fields })

/** The largest number of requests that the form plans a fault for. */
const Count = Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 1_000 }))

/** A form of the dashboard, as it arrives. */
export const Press = Schema.Union([
  Schema.Struct({
    token,
    action: Schema.Literals([
      "uninstall",
      "suspend",
      "unsuspend",
      "approve",
      "reject",
      "addKey",
      "rotateKey",
      "revokeKey",
      "revokeToken",
      "expireAllTokens",
      "acceptRequest",
      "declineRequest",
      "showEnvironment",
      "rotateSecret",
      "clearFaults",
      "reset"
    ]),
    target: Schema.String
  }),
  form("install", {
    target: Schema.String,
    organizationId: Schema.optionalKey(Schema.String),
    fullName: Schema.optionalKey(Schema.String),
    organizationType: Schema.optionalKey(Schema.Union([OrganizationType, Schema.Literal("")]))
  }),
  Schema.StructWithRest(form("setPermissions", { target: Schema.String }), [
    Schema.Record(Schema.TemplateLiteral([permissionField, Schema.String]), Schema.String)
  ]),
  form("setHolding", {
    organizationId: Schema.String,
    place: Schema.Literals(["inventory", "warehouse"]),
    creditId: Schema.String,
    amount: Schema.String
  }),
  form("skewClock", { target: Schema.FiniteFromString }),
  form("moveClock", { target: Schema.FiniteFromString }),
  form("setSkew", {
    amount: Schema.FiniteFromString,
    unit: Schema.FiniteFromString,
    direction: Schema.FiniteFromString
  }),
  form("setWebhook", { target: Schema.String, url: Schema.String }),
  form("redeliver", { target: Schema.FiniteFromString, manner: Manner }),
  form("sendEvent", { target: Schema.String, event: Schema.String, manner: Manner }),
  form("planFault", {
    ...fieldsOfForm,
    route: Schema.Union([Route, Schema.Literal("*")]),
    mode: Schema.Literals(["next", "chance"]),
    count: Count,
    percent: Schema.FiniteFromString
  })
])
/** A form of the dashboard. */
export type Press = typeof Press.Type
