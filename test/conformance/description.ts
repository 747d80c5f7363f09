/** An OpenAPI document: which operations it has, what they answer with, and where their paths stand. */
import { Option, Predicate, Schema } from "effect"
import { describedFields, type Fields } from "./fields.ts"

const Described = Schema.Struct({ paths: Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Unknown)) })
const decode = Schema.decodeUnknownOption(Described)

/** What an operation answers with: its status, and its fields where it has a body of JSON. */
export interface Response {
  readonly status: string
  readonly fields: Option.Option<Fields>
}

/** A document. */
export interface Description {
  readonly json: unknown
  /** As it writes them, each with its method: `GET /projects`. */
  readonly operations: ReadonlyArray<string>
  /** Every answer of an operation; none where it has no such operation. */
  readonly responses: (method: string, path: string) => Option.Option<ReadonlyArray<Response>>
  /** The body of a request; none where nothing is said of it. */
  readonly requestFields: (method: string, path: string) => Option.Option<Fields>
}

const segmentsOf = (path: string) => path.replace(/^\/v\d+(\.\d+)*(?=\/|$)/, "").split("/")
const isPlaceholder = (segment: string) => /^[{:]/.test(segment)

/** How well a path of the document is the one that is asked for: 0 is not at all. A placeholder takes anything. */
const likeness = (documented: string, asked: string): number => {
  const theirs = segmentsOf(documented)
  const ours = segmentsOf(asked)
  if (theirs.length !== ours.length) return 0
  return theirs.reduce((score, segment, index) => {
    const other = ours[index] ?? ""
    const same = segment === other || (isPlaceholder(segment) && isPlaceholder(other))
    return score === 0 ? 0 : same ? score + 2 : isPlaceholder(segment) ? score + 1 : 0
  }, 1)
}

const member = (value: unknown, name: string): unknown => (Predicate.hasProperty(value, name) ? value[name] : undefined)

const bodySchema = (response: unknown): Option.Option<unknown> => {
  const content = member(response, "content")
  const json = Object.entries(Predicate.isObject(content) ? content : {}).find(([type]) => /json/.test(type))
  return Option.fromUndefinedOr(member(json?.[1], "schema"))
}

/** Reads a document; none where it is not one. */
export const describe = (json: unknown): Option.Option<Description> =>
  Option.map(decode(json), ({ paths }) => {
    const operation = (method: string, path: string) => {
      const [best] = Object.entries(paths)
        .filter(([, methods]) => methods[method.toLowerCase()] !== undefined)
        .map(([documented, methods]) => [likeness(documented, path), methods[method.toLowerCase()]] as const)
        .filter(([score]) => score > 0)
        .toSorted(([a], [b]) => b - a)
      return Option.fromUndefinedOr(best?.[1])
    }
    return {
      json,
      requestFields: (method, path) =>
        operation(method, path).pipe(
          Option.flatMap((found) => bodySchema(member(found, "requestBody"))),
          Option.map((schema) => describedFields(json, schema))
        ),
      operations: Object.entries(paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
      ),
      responses: (method, path) =>
        Option.map(operation(method, path), (found) => {
          const responses = member(found, "responses")
          return Object.entries(Predicate.isObject(responses) ? responses : {}).map(([status, response]) => ({
            status,
            fields: Option.map(bodySchema(response), (schema) => describedFields(json, schema))
          }))
        })
    }
  })

/** The fields of an operation's success, in a document that has them. */
export const successFields = (description: Description, method: string, path: string): Option.Option<Fields> =>
  description.responses(method, path).pipe(
    Option.flatMap((responses) =>
      Option.fromUndefinedOr(
        responses.find(({ fields, status }) => /^(2|default)/.test(status) && Option.isSome(fields))
      )
    ),
    Option.flatMap(({ fields }) => fields)
  )
