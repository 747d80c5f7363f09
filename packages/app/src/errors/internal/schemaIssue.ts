/** Describes why a value does not fit a schema, without showing the value. */
import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { redactText } from "./redactText.ts"

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** The issues of a schema failure: path and message each. */
export const schemaIssues = (error: Schema.SchemaError) => format(error.issue).issues

/** The keys that lead to what an issue is about. */
export const issuePath = (issue: ReturnType<typeof schemaIssues>[number] | undefined): ReadonlyArray<PropertyKey> =>
  (issue?.path ?? []).map((step) => (typeof step === "object" ? step.key : step))

const pathText = (path: ReadonlyArray<PropertyKey>): string => {
  const steps = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
  return steps.join("").replace(/^\./, "")
}

/** Where in the value, and what was expected there: never the value itself, which may be a token. */
export const describeIssue = (error: Schema.SchemaError): { readonly at: string; readonly expected: string } => {
  const [first] = schemaIssues(error)
  const [at = ""] = redactText([pathText(issuePath(first))])
  const [expected = "expected another shape"] = redactText([first?.message.replace(/, got [^]*/, "") ?? ""])
  return { at, expected: expected.charAt(0).toLowerCase() + expected.slice(1) }
}
