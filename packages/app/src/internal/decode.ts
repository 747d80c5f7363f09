import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { DecodeFailure, type IcrError, fail } from "../IcrError.ts"
import type { CallInfo } from "./answers.ts"
import type { Finish } from "./pipeline.ts"
import { scrub } from "./scrub.ts"

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

const pathText = (path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }>): string =>
  path
    .map((step) => (typeof step === "object" ? step.key : step))
    .map((key, index) => (typeof key === "number" ? `[${key}]` : index === 0 ? String(key) : `.${String(key)}`))
    .join("")

/** Where in the value, and what was expected there: never the value itself, which may be a token. */
export const describeIssue = (error: Schema.SchemaError): { readonly at: string; readonly expected: string } => {
  const [first] = formatIssues(error.issue).issues
  const [at = ""] = scrub([pathText(first?.path ?? [])])
  const [expected = "expected another shape"] = scrub([(first?.message ?? "").split(", got ", 1)[0] ?? ""])
  return { at, expected: expected.charAt(0).toLowerCase() + expected.slice(1) }
}

/** Turns a schema failure into the public reason. */
export const decodeFailure = (error: Schema.SchemaError, info: CallInfo, status: number): IcrError =>
  fail(new DecodeFailure({ ...info, status, ...describeIssue(error) }))

const parse = Option.liftThrowable((text: string): unknown => JSON.parse(text))
const utf8 = new TextDecoder()

/** Parses and decodes a JSON body. */
export const decodeJson = <A>(schema: Schema.Decoder<A>): Finish<A> => {
  const decode = Schema.decodeUnknownEffect(schema)
  return ({ bytes, status }, info) =>
    Option.match(parse(utf8.decode(bytes)), {
      onNone: () => Effect.fail(fail(new DecodeFailure({ ...info(), status, at: "", expected: "expected JSON" }))),
      onSome: (value) => Effect.mapError(decode(value), (error) => decodeFailure(error, info(), status))
    })
}
