/**
 * The fields of an answer by their paths, such as `projects[].proponents[].id`: as a description (OpenAPI) promises them, or
 * as an answer has them.
 */
import { Array as Arr, Option, Predicate, Schema } from "effect"

/** Kinds of JSON values. `any` where a description says nothing. */
export type Kind = "string" | "number" | "boolean" | "object" | "array" | "null" | "any"

/** What is known of a field. */
export interface Field {
  readonly kinds: ReadonlySet<Kind>
  /** Whether it is always there, where its parent is. */
  readonly required: boolean
  /** Whether it is an object with any keys, such as permissions. */
  readonly isOpen: boolean
  /** The values that a description lists, or those of an answer. */
  readonly values: ReadonlyArray<string>
}

/** Fields by path; the whole answer has the path `""`. */
export type Fields = ReadonlyMap<string, Field>

/** The path of a member. */
export const memberOf = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`)

/** The path that a field stands below; none for the whole. */
export const parentOf = (path: string): Option.Option<string> => {
  if (path === "") return Option.none()
  return Option.some(path.endsWith("[]") ? path.slice(0, -2) : path.slice(0, Math.max(0, path.lastIndexOf("."))))
}

// ---------------------------------------------------------------------------------------------------------------------
// Descriptions
// ---------------------------------------------------------------------------------------------------------------------

const Nodes = Schema.optionalKey(Schema.Array(Schema.Unknown))

/** The part of a JSON schema that tells fields. */
const Node = Schema.Struct({
  $ref: Schema.optionalKey(Schema.String),
  type: Schema.optionalKey(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
  nullable: Schema.optionalKey(Schema.Boolean),
  properties: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  required: Schema.optionalKey(Schema.Array(Schema.String)),
  additionalProperties: Schema.optionalKey(Schema.Unknown),
  items: Schema.optionalKey(Schema.Unknown),
  enum: Schema.optionalKey(Schema.Array(Schema.Unknown)),
  allOf: Nodes,
  anyOf: Nodes,
  oneOf: Nodes
})

const decodeNode = Schema.decodeUnknownOption(Node)

/** A node without references and alternatives. */
interface Flat extends Omit<Field, "required"> {
  readonly members: ReadonlyMap<string, { readonly node: unknown; readonly required: boolean }>
  readonly items: Option.Option<unknown>
}

const nothing: Flat = { kinds: new Set(), isOpen: false, values: [], members: new Map(), items: Option.none() }

/** What stands at `#/components/schemas/Project`. */
const resolve = (document: unknown, ref: string): unknown =>
  ref
    .split("/")
    .slice(1)
    .reduce<unknown>((at, step) => {
      const name = step.replaceAll("~1", "/").replaceAll("~0", "~")
      return Predicate.hasProperty(at, name) ? at[name] : undefined
    }, document)

const kindOf = (type: string): Kind => {
  switch (type) {
    case "integer":
      return "number"
    case "string":
    case "number":
    case "boolean":
    case "object":
    case "array":
    case "null":
      return type
    default:
      return "any"
  }
}

/** Several nodes in one. `isRequired` tells a member from whether each of those that are objects requires it. */
const combine = (parts: ReadonlyArray<Flat>, isRequired: (required: ReadonlyArray<boolean>) => boolean): Flat => {
  const objects = parts.map(({ members }) => members).filter(({ size }) => size > 0)
  const names = new Set(objects.flatMap((members) => [...members.keys()]))
  return {
    kinds: new Set(parts.flatMap(({ kinds }) => [...kinds])),
    isOpen: parts.some(({ isOpen }) => isOpen),
    values: parts.flatMap(({ values }) => values),
    items: Option.firstSomeOf(parts.map(({ items }) => items)),
    members: new Map(
      Array.from(names, (name) => {
        const found = objects.map((members) => members.get(name))
        const required = isRequired(found.map((member) => member?.required ?? false))
        return [name, { node: found.find((member) => member !== undefined)?.node, required }]
      })
    )
  }
}

const some = (flags: ReadonlyArray<boolean>) => flags.some(Boolean)
const every = (flags: ReadonlyArray<boolean>) => flags.every(Boolean)

const flatten = (document: unknown, given: unknown, depth = 0): Flat => {
  const node = Option.getOrElse(decodeNode(given), (): typeof Node.Type => ({}))
  if (depth > 20) return nothing
  if (node.$ref !== undefined) return flatten(document, resolve(document, node.$ref), depth + 1)
  const required = new Set(node.required)
  const named = Arr.ensure(node.type ?? []).map(kindOf)
  const kinds = new Set<Kind>([...named, ...(node.nullable === true ? (["null"] as const) : [])])
  if (node.properties !== undefined) kinds.add("object")
  if (node.items !== undefined) kinds.add("array")
  const own: Flat = {
    kinds,
    isOpen: node.properties === undefined && Boolean(node.additionalProperties ?? named.includes("object")),
    values: (node.enum ?? []).filter(Predicate.isString),
    members: new Map(
      Object.entries(node.properties ?? {}).map(([name, member]) => [
        name,
        { node: member, required: required.has(name) }
      ])
    ),
    items: Option.fromUndefinedOr(node.items)
  }
  const parts = (nodes: ReadonlyArray<unknown> = []) => nodes.map((part) => flatten(document, part, depth + 1))
  const alternatives = combine([...parts(node.anyOf), ...parts(node.oneOf)], every)
  return combine([own, ...parts(node.allOf), alternatives], some)
}

/** Deeper than any answer of the registry: a schema may contain itself. */
const deepest = 8

/** The fields that a JSON schema of the document describes. */
export const describedFields = (document: unknown, schema: unknown): Fields => {
  const fields = new Map<string, Field>()
  const walk = (node: unknown, path: string, required: boolean, depth: number) => {
    const flat = flatten(document, node)
    const kinds = flat.kinds.size === 0 ? new Set<Kind>(["any"]) : flat.kinds
    fields.set(path, { kinds, required, isOpen: flat.isOpen, values: flat.values })
    if (depth === deepest) return
    for (const [name, member] of flat.members) walk(member.node, memberOf(path, name), member.required, depth + 1)
    if (Option.isSome(flat.items)) walk(flat.items.value, `${path}[]`, true, depth + 1)
  }
  walk(schema, "", true, 0)
  return fields
}

// ---------------------------------------------------------------------------------------------------------------------
// Answers
// ---------------------------------------------------------------------------------------------------------------------

/** The kind of a value. */
export const kindOfValue = (value: unknown): Kind => {
  if (value === null || value === undefined) return "null"
  return Array.isArray(value) ? "array" : kindOf(typeof value)
}

/** Calls `visit` with every value of an answer and its path. */
export const visitValues = (json: unknown, visit: (path: string, value: unknown) => void): void => {
  const walk = (value: unknown, path: string) => {
    visit(path, value)
    if (Array.isArray(value)) for (const item of value) walk(item, `${path}[]`)
    else if (Predicate.isObject(value)) {
      for (const [name, member] of Object.entries(value)) walk(member, memberOf(path, name))
    }
  }
  walk(json, "")
}

/** The fields that an answer has. */
export const answeredFields = (json: unknown): Fields => {
  const fields = new Map<string, Field>()
  visitValues(json, (path, value) => {
    const known = fields.get(path)
    fields.set(path, {
      kinds: new Set([...(known?.kinds ?? []), kindOfValue(value)]),
      required: false,
      isOpen: false,
      values: []
    })
  })
  return fields
}
