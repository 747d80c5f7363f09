/**
 * Keeps every digit of the numbers that a schema asks to have exact. A schema says so by an annotation; one that asks for
 * nothing is parsed by `JSON.parse` itself.
 */
import type * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { annotationOf, exactParser } from "./exactParser.ts"

/**
 * Annotations of a schema that is to see the digits of a JSON number: as text where it has more than 15, else as a number.
 *
 * They carry the parser, so that a program without such schemas bundles none. The name stands here as it is: bundlers keep
 * an object whose names are computed.
 */
export const exactDigits: { readonly "~@effect-icr/exactDigits": typeof exactParser } = {
  "~@effect-icr/exactDigits": exactParser
}

/** `JSON.parse` for what a schema decodes: anything in it, or in what it is decoded from, may ask for digits. */
export const jsonParser = (schema: Schema.Top): ((text: string) => unknown) => {
  const visited = new Set<SchemaAST.AST>()
  let parser: typeof exactParser | undefined
  const visit = (ast: SchemaAST.AST): void => {
    if (parser !== undefined || visited.has(ast)) return
    visited.add(ast)
    parser = annotationOf(ast, "~@effect-icr/exactDigits") as typeof parser
    for (const { to } of ast.encoding ?? []) visit(to)
    switch (ast._tag) {
      case "Objects":
        return [...ast.propertySignatures, ...ast.indexSignatures].forEach(({ type }) => visit(type))
      case "Arrays":
        return [...ast.elements, ...ast.rest].forEach(visit)
      case "Union":
        return ast.types.forEach(visit)
      case "Declaration":
        return ast.typeParameters.forEach(visit)
      case "Suspend":
        return visit(ast.thunk())
    }
  }
  visit(schema.ast)
  return parser?.(schema.ast) ?? JSON.parse
}
