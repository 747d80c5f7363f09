/** What the client's schemas want of an answer, field by field. */
import { Option, Predicate, Schema, SchemaAST } from "effect"
import { type Kind, memberOf } from "./fields.ts"

/** What the client wants of a field. */
export interface ClientField {
  readonly kind: "object" | "array" | "value"
  /** Whether an answer without it is not decoded at all. */
  readonly matters: boolean
  /** Whether it is an object with any keys. */
  readonly isOpen: boolean
  /** Whether a value of this kind is read. One that is not costs the answer where the field matters; else it is absent. */
  readonly accepts: (kind: Kind) => boolean
}

/** What the client wants, by path. */
export type ClientFields = ReadonlyMap<string, ClientField>

/** Values of each kind. A text may be a date. */
const samples: { readonly [K in Kind]: ReadonlyArray<unknown> } = {
  string: ["2022-01-01T00:00:00Z", "1", "text"],
  number: [1],
  boolean: [true],
  null: [null],
  object: [{}],
  array: [[]],
  any: []
}

/** Tries values: what a field of the client takes is best said by its decoder. */
const tried = (ast: SchemaAST.AST) => {
  const decode = Schema.decodeUnknownOption(Schema.make<Schema.Decoder<unknown>>(ast))
  const isRead = (value: unknown) =>
    Option.exists(decode(value), (read) => !Option.isOption(read) || Option.isSome(read))
  return (kind: Kind) => kind === "any" || samples[kind].some(isRead)
}

const anything = () => true

const isOption = (ast: SchemaAST.AST): ast is SchemaAST.Declaration =>
  SchemaAST.isDeclaration(ast) &&
  Predicate.hasProperty(ast.annotations?.["representation"], "id") &&
  ast.annotations["representation"].id === "effect/schema/Option"

/** A lenient field takes anything and tells what it wants by its type. */
const isLenient = (ast: SchemaAST.AST) => {
  const wire = SchemaAST.toEncoded(ast)
  return SchemaAST.isUnknown(wire) || SchemaAST.isAny(wire)
}

/** What is inside an `Option`, and the fields of a class. */
const insideOf = (ast: SchemaAST.AST): SchemaAST.AST => {
  if (!SchemaAST.isDeclaration(ast)) return ast
  const [inside] = ast.typeParameters
  if (inside === undefined) return ast
  if (isOption(ast)) return insideOf(inside)
  return SchemaAST.isObjects(inside) ? inside : ast
}

/** The fields that a schema reads. */
export const clientFields = (schema: Schema.Top): ClientFields => {
  const fields = new Map<string, ClientField>()
  const walk = (ast: SchemaAST.AST, path: string, matters: boolean, isCertain: boolean) => {
    const lenient = isLenient(ast)
    const isTyped = isCertain && !lenient
    const inside = insideOf(lenient ? SchemaAST.toType(ast) : ast)
    if (SchemaAST.isObjects(inside)) {
      const isOpen = inside.propertySignatures.length === 0
      fields.set(path, { kind: "object", matters, isOpen, accepts: (kind) => kind === "object" || kind === "any" })
      for (const { name, type } of inside.propertySignatures) {
        const isStrict = isTyped && !isLenient(type) && !SchemaAST.isOptional(SchemaAST.toEncoded(type))
        walk(type, memberOf(path, String(name)), matters && isStrict, isTyped)
      }
    } else if (SchemaAST.isArrays(inside)) {
      // A lenient list reads one object as a list of one.
      const kinds = new Set<Kind>(lenient ? ["array", "object", "any"] : ["array", "any"])
      fields.set(path, { kind: "array", matters, isOpen: false, accepts: (kind) => kinds.has(kind) })
      for (const item of inside.rest) walk(item, `${path}[]`, matters && isTyped, isTyped)
    } else {
      // Inside a lenient field the types of the wire are not to be seen any more.
      fields.set(path, { kind: "value", matters, isOpen: false, accepts: isCertain ? tried(ast) : anything })
    }
  }
  walk(schema.ast, "", true, true)
  return fields
}
