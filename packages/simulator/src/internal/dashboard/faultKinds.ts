/** The kinds of faults as the form offers them, and how a form becomes a fault. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Fault } from "../../Fault.ts"
import { SimulatorError } from "../../SimulatorError.ts"
import { type Html, html } from "../html.ts"
import * as Parts from "./parts.ts"

interface Field {
  readonly name: "status" | "retryAfter" | "handled" | "millis" | "at" | "bytes"
  readonly label: string
  readonly value: string
  readonly required?: boolean
  /** Without choices it is a number. */
  readonly choices?: ReadonlyArray<readonly [value: string, label: string]>
}

const status = (value: string, required = false): Field => ({ name: "status", label: "Status", value, required })
const millis = (value: string, required = true): Field => ({ name: "millis", label: "Milliseconds", value, required })
const retryAfter: Field = { name: "retryAfter", label: "Retry-After, in seconds", value: "" }
const handled: Field = {
  name: "handled",
  label: "The request is",
  value: "",
  choices: [
    ["", "not handled"],
    ["true", "handled first"]
  ]
}
const at: Field = {
  name: "at",
  label: "When",
  value: "request",
  choices: [
    ["request", "before it is handled"],
    ["answer", "before the answer"],
    ["body", "within the answer"]
  ]
}
const bytes: Field = { name: "bytes", label: "Bytes", value: "16777216" }

const tags = [
  "Status",
  "Latency",
  "Reset",
  "StallBeforeHead",
  "StallInBody",
  "LateWork",
  "TruncatedJson",
  "HtmlPage",
  "OversizedBody",
  "DuplicateFields",
  "UnknownFields",
  "EchoCredentials",
  "DateSkew",
  "FreshToken"
] as const

/** Every kind with what it does and the fields that it has. */
const kinds: Readonly<Record<Fault["_tag"], { readonly does: string; readonly fields: ReadonlyArray<Field> }>> = {
  Status: {
    does: "answers with this status instead of the real answer",
    fields: [status("503", true), retryAfter, handled]
  },
  Latency: { does: "delays the handling of the request", fields: [millis("2000")] },
  Reset: { does: "resets the connection", fields: [at] },
  StallBeforeHead: { does: "sends nothing, without end when the field is empty", fields: [millis("", false)] },
  StallInBody: {
    does: "sends half of the body, then nothing, without end when the field is empty",
    fields: [millis("", false)]
  },
  LateWork: { does: "answers at once and handles the request later", fields: [millis("2000"), status("503")] },
  TruncatedJson: { does: "ends the answer's JSON in the middle", fields: [] },
  HtmlPage: { does: "answers with an HTML error page, as a proxy does", fields: [status("502")] },
  OversizedBody: { does: "answers with a huge JSON body", fields: [bytes] },
  DuplicateFields: { does: "repeats the answer's first field, with a wrong value first", fields: [] },
  UnknownFields: { does: "adds fields to the answer that no document has", fields: [] },
  EchoCredentials: { does: "answers with an error that repeats the credentials", fields: [status("400")] },
  DateSkew: { does: "shifts the answer's header Date", fields: [millis("600000")] },
  FreshToken: { does: "refuses a new token for its first milliseconds", fields: [millis("2000")] }
}

/** Names of all kinds. */
export const Kind = Schema.Literals(tags)
/** Name of a kind. */
export type Kind = typeof Kind.Type

/** Choices of the form. */
export const kindOptions = tags.map((tag) => [tag, tag] as const)

const input = ({ choices, label, name, required, value }: Field): Html =>
  choices === undefined
    ? html`<label
        >${label} <input type="number" name="${name}" value="${value}" ${required === true ? html`required` : ""}
      /></label>`
    : html`<label
        >${label}
        <select name="${name}">
          ${Parts.options(choices, value)}
        </select></label
      >`

/** The fields of a kind, which replace those of another when it is chosen. */
export const kindFields = (kind: Kind): Html =>
  html`<p class="soft">${kind} ${kinds[kind].does}.</p>
    ${kinds[kind].fields.map(input)}`

/** Fields of the form, whichever kind has them. */
export const fieldsOfForm = {
  kind: Kind,
  status: Schema.optionalKey(Schema.String),
  retryAfter: Schema.optionalKey(Schema.String),
  handled: Schema.optionalKey(Schema.String),
  millis: Schema.optionalKey(Schema.String),
  at: Schema.optionalKey(Schema.String),
  bytes: Schema.optionalKey(Schema.String)
}
const Form = Schema.Struct(fieldsOfForm)

const decode = Schema.decodeUnknownEffect(Fault)

/** The value of a field as JSON has it. */
const read = (name: Field["name"], text: string): Readonly<Record<string, unknown>> => {
  if (text === "") return {}
  if (name === "retryAfter") return { headers: { "retry-after": text } }
  if (name === "handled") return { handled: true }
  return { [name]: name === "at" ? text : Number(text) }
}

/** The fault that a form describes. */
export const faultOf = (form: typeof Form.Type): Effect.Effect<Fault, SimulatorError> => {
  const given = kinds[form.kind].fields.map(({ name }) => read(name, form[name] ?? ""))
  return decode(Object.assign({ _tag: form.kind }, ...given)).pipe(
    Effect.mapError(({ message }) => new SimulatorError({ message: `fault: ${message}` }))
  )
}

/** A fault in words, such as `Status (status: 503)`. */
export const describe = ({ _tag, ...fields }: Fault): string => {
  const given = Object.entries(fields).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  return given.length === 0 ? _tag : `${_tag} (${given.join(", ")})`
}
