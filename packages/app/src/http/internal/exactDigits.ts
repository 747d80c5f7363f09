/**
 * Keeps every digit of the numbers that a schema asks to have exact. `JSON.parse` alone turns them into doubles.
 *
 * The digits are put in quotes before the text is parsed, by the names of the members that hold them. A schema says so by
 * an annotation on the field; one that asks for nothing is parsed by `JSON.parse` itself.
 */
import type * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

const escaped = (key: string) => JSON.stringify(key).replace(/[$()*+.?[\\\]^{|}]/g, "\\$&")

/**
 * A number as the value of one of these members. The opening quote of a name never follows a backslash, one within a text
 * always does; the whole number grammar and the look-ahead leave broken JSON broken.
 */
const numbersUnder = (keys: ReadonlySet<string>) =>
  new RegExp(
    `(?<!\\\\)(${[...keys].map(escaped).join("|")})(\\s*:\\s*)(-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)(?=\\s*[,}])`,
    "g"
  )

/** `JSON.parse` with the digits of the numbers under these names as texts. Throws as `JSON.parse` does. */
const quotingParser = (keys: ReadonlySet<string>) => {
  const numbers = numbersUnder(keys)
  return (text: string): unknown => JSON.parse(text.replace(numbers, '$1$2"$3"'))
}

/**
 * Annotations of a schema that is to see the digits of a JSON number as text. It must accept a number too: a member whose
 * name is written with escapes (`"\\u0061mount"`) and a number inside an array arrive as doubles.
 *
 * They carry the parser, so that a program without such schemas bundles none. The name stands here as it is: bundlers keep
 * an object whose names are computed.
 */
export const exactDigits: { readonly "~@effect-icr/exactDigits": typeof quotingParser } = {
  "~@effect-icr/exactDigits": quotingParser
}

const parserOf = SchemaAST.resolveAt<typeof quotingParser>("~@effect-icr/exactDigits")

/** `JSON.parse` for what a schema decodes: anywhere in it, or in what it is decoded from, members may ask for their digits. */
export const jsonParser = (schema: Schema.Top): ((text: string) => unknown) => {
  const keys = new Set<string>()
  const visited = new Set<SchemaAST.AST>()
  let parser: (text: string) => unknown = JSON.parse
  const visit = (ast: SchemaAST.AST, key?: string): void => {
    // The parser of the last one found knows all names.
    if (key !== undefined) parser = parserOf(ast)?.(keys.add(key)) ?? parser
    for (const { to } of ast.encoding ?? []) visit(to, key)
    switch (ast._tag) {
      case "Objects":
        if (visited.has(ast)) return
        visited.add(ast)
        for (const { name, type } of ast.propertySignatures) visit(type, String(name))
        for (const { type } of ast.indexSignatures) visit(type)
        return
      case "Arrays":
        for (const element of [...ast.elements, ...ast.rest]) visit(element)
        return
      case "Union":
        for (const member of ast.types) visit(member, key)
        return
      case "Declaration":
        for (const parameter of ast.typeParameters) visit(parameter, key)
        return
      case "Suspend":
        visit(ast.thunk(), key)
    }
  }
  visit(schema.ast)
  return parser
}
