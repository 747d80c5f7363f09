/**
 * Keeps every digit of the numbers that a schema asks to have exact. A schema says so by an annotation; one that asks for
 * nothing is parsed by `JSON.parse` itself.
 */
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { annotationOf, exactParser, inPlace } from "./exactParser.ts"

/**
 * Annotations of a schema that is to see the digits of a JSON number: as text where it has more than 15, else as a number.
 *
 * They carry the parser, so that a program without such schemas bundles none. A literal key: bundlers keep objects with
 * computed keys, used or not.
 */
export const exactDigits: { readonly "~@effect-icr/exactDigits": typeof exactParser } = {
  "~@effect-icr/exactDigits": exactParser
}

/** The schemas nested in a schema. */
const partsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  switch (ast._tag) {
    case "Objects":
      return [...ast.propertySignatures, ...ast.indexSignatures].map(({ type }) => type)
    case "Arrays":
      return [...ast.elements, ...ast.rest]
    default:
      return inPlace(ast)
  }
}

/** Only `exactDigits` sets the annotation. */
const isParser = (annotation: unknown): annotation is typeof exactParser => Predicate.isFunction(annotation)

/** `JSON.parse` for what a schema decodes: anything in it, or in what it is decoded from, may ask for digits. */
export const jsonParser = (schema: Schema.Top): ((text: string) => unknown) => {
  // The loop adds to the set it iterates.
  const found = new Set<SchemaAST.AST>([schema.ast])
  for (const ast of found) {
    const parser = annotationOf(ast, "~@effect-icr/exactDigits")
    if (isParser(parser)) return parser(schema.ast)
    for (const { to } of ast.encoding ?? []) found.add(to)
    for (const part of partsOf(ast)) found.add(part)
  }
  return JSON.parse
}
