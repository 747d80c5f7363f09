/**
 * Keeps every digit of the numbers that a schema asks to have exact. `JSON.parse` alone turns them into doubles.
 *
 * The digits are put in quotes before the text is parsed, by the names of the members that hold them. A schema says so by
 * an annotation on the field; one that asks for nothing is parsed by `JSON.parse` itself.
 */
import type * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

const annotation = "~@effect-icr/exactDigits"

/**
 * Annotations of a schema that is to see the digits of a JSON number as text. It must accept a number too: a member whose
 * name is written with escapes (`"\\u0061mount"`) and a number inside an array arrive as doubles.
 */
export const exactDigits: { readonly [annotation]: true } = { [annotation]: true }

const isExact = SchemaAST.resolveAt<true>(annotation)

/** The names of the members that ask for their digits, anywhere in the schema and in what it is decoded from. */
const exactKeys = (schema: Schema.Top): ReadonlySet<string> => {
  const keys = new Set<string>()
  const visited = new Set<SchemaAST.AST>()
  const visit = (ast: SchemaAST.AST, key: string | undefined): void => {
    if (key !== undefined && isExact(ast) === true) keys.add(key)
    for (const link of ast.encoding ?? []) visit(link.to, key)
    switch (ast._tag) {
      case "Objects":
        if (visited.has(ast)) return
        visited.add(ast)
        for (const { name, type } of ast.propertySignatures) visit(type, String(name))
        for (const { type } of ast.indexSignatures) visit(type, undefined)
        return
      case "Arrays":
        for (const element of [...ast.elements, ...ast.rest]) visit(element, undefined)
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
  visit(schema.ast, undefined)
  return keys
}

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

/** `JSON.parse` for what a schema decodes. Throws as `JSON.parse` does. */
export const jsonParser = (schema: Schema.Top): ((text: string) => unknown) => {
  const keys = exactKeys(schema)
  if (keys.size === 0) return JSON.parse
  const numbers = numbersUnder(keys)
  return (text) => JSON.parse(text.replace(numbers, '$1$2"$3"'))
}
