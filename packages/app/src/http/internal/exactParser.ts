/**
 * Parses JSON for a schema that asks for the digits of numbers. `JSON.parse` alone turns them into doubles.
 *
 * A double holds every number of 15 digits, so that only longer ones need care: where the schema asks for digits at the very
 * place of one, it is given the number's text. This needs nothing of the runtime, and a text without such numbers is read by
 * `JSON.parse` alone, as is any text for a schema that asks for nothing.
 */
import { memoize } from "effect/Function"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

type Chain = ReadonlyArray<SchemaAST.AST>

/** The schemas of one place of a JSON document. */
interface Places {
  readonly here: Set<SchemaAST.AST>
  /** The schemas inside a text at this place that is JSON itself. */
  readonly inJson: Array<Chain>
}

/** A schema and what it is decoded from, step by step: the last one describes the wire. */
const chainOf = /* @__PURE__ */ memoize((ast: SchemaAST.AST): Chain => [
  ast,
  ...(ast.encoding ?? []).map(({ to }) => to)
])

/** How `Schema.fromJsonString` marks the text that it parses. */
const jsonText = /* @__PURE__ */ (() => Schema.fromJsonString(Schema.Unknown).ast.encoding?.at(-1)?.to.annotations)()

const isJsonText = ({ annotations }: SchemaAST.AST) => annotations !== undefined && annotations === jsonText

/** An annotation, also where checks were added to what is annotated. */
export const annotationOf = (ast: SchemaAST.AST, key: string): unknown =>
  SchemaAST.resolve(ast)?.[key] ?? ast.annotations?.[key]

const asksForDigits = (ast: SchemaAST.AST) => annotationOf(ast, "~@effect-icr/exactDigits") !== undefined

/** The schemas nested in a schema that describe the same place of the document, such as the members of a union. */
export const inPlace = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  switch (ast._tag) {
    case "Union":
      return ast.types
    case "Declaration":
      return ast.typeParameters
    case "Suspend":
      return [ast.thunk()]
    default:
      return []
  }
}

const spread = (chain: Chain, places: Places): void => {
  const wire = chain.at(-1)
  if (wire === undefined || places.here.has(wire)) return
  const before = chain.slice(0, -1)
  if (before.length > 0 && isJsonText(wire)) places.inJson.push(before)
  // A wire that takes anything tells nothing: go by what it is decoded to.
  else if (before.length > 0 && (SchemaAST.isUnknown(wire) || SchemaAST.isAny(wire))) spread(before, places)
  else {
    places.here.add(wire)
    for (const child of inPlace(wire)) spread(chainOf(child), places)
  }
}

const placesOf = /* @__PURE__ */ memoize((chain: Chain): Places => {
  const places: Places = { here: new Set(), inJson: [] }
  spread(chain, places)
  return places
})

/** Whether a value has the literal fields that tell this alternative from the others. */
const fits = (value: object) => (ast: SchemaAST.Objects) =>
  ast.propertySignatures.every(({ name, type }) => {
    const literals = Array.from(placesOf(chainOf(type)).here).filter((place) => !SchemaAST.isUnion(place))
    return (
      !Predicate.hasProperty(value, name) ||
      literals.length === 0 ||
      !literals.every(SchemaAST.isLiteral) ||
      literals.some(({ literal }) => literal === value[name])
    )
  })

const memberOf = (name: string) => (ast: SchemaAST.Objects) => {
  const named = ast.propertySignatures.filter((property) => property.name === name)
  return (named.length > 0 ? named : ast.indexSignatures).map(({ type }) => chainOf(type))
}

const itemOf = (index: number) => (ast: SchemaAST.Arrays) => {
  const element = ast.elements[index]
  return (element === undefined ? ast.rest : [element]).map(chainOf)
}

/** Puts texts for numbers where a schema asks for digits. `marked` is the same document with texts for all long numbers. */
const settle = (plain: unknown, marked: unknown, chains: ReadonlyArray<Chain>): unknown => {
  const places = chains.map(placesOf)
  const here = places.flatMap((place) => [...place.here])
  const inJson = places.flatMap((place) => place.inJson)
  if (here.length === 0 && inJson.length === 0) return plain
  if (typeof plain === "number") return typeof marked === "string" && here.some(asksForDigits) ? marked : plain
  if (typeof plain === "string") return settleText(plain, inJson)
  if (Array.isArray(plain) && Array.isArray(marked)) {
    const lists = here.filter(SchemaAST.isArrays)
    return plain.map((item, index) => settle(item, marked[index], lists.flatMap(itemOf(index))))
  }
  if (!Predicate.isObject(plain) || !Predicate.isObject(marked)) return plain
  const other = new Map(Object.entries(marked))
  const objects = here.filter(SchemaAST.isObjects).filter(fits(plain))
  const settleMember = (value: unknown, name: string) => settle(value, other.get(name), objects.flatMap(memberOf(name)))
  return Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, settleMember(value, name)]))
}

/** A text that may have a number of more than 15 digits or a large exponent, in itself or in a text with escapes. */
const mayBeLong = /[\d.]{16}|\d[eE][+-]?\d{3}|\\u/

/** Whether a number's double may not tell its digits. */
const isLong = (digits: string): boolean => {
  if (digits.length > 100) return true
  const [mantissa = "", exponent = "0"] = digits.toLowerCase().split("e")
  return mantissa.replace(/[-.]/g, "").replace(/^0+|0+$/g, "").length > 15 || Math.abs(Number(exponent)) > 99
}

/** Puts the long numbers of a text that is JSON in quotes. */
const quoteLong = (json: string): string => {
  let isInText = false
  return json.replace(/\\[^]|"|-?\d[\d.eE+-]*/g, (token) => {
    if (token === '"') isInText = !isInText
    return isInText || !/\d$/.test(token) || !isLong(token) ? token : `"${token}"`
  })
}

/** `JSON.parse`, with texts for long numbers where a schema asks for digits. Throws as `JSON.parse` does. */
const parse = (text: string, chains: ReadonlyArray<Chain>): unknown => {
  const plain: unknown = JSON.parse(text)
  return mayBeLong.test(text) ? settle(plain, JSON.parse(quoteLong(text)), chains) : plain
}

const reparse = /* @__PURE__ */ Option.liftThrowable((text: string, chains: ReadonlyArray<Chain>) =>
  JSON.stringify(parse(text, chains))
)

/** JSON within a text is parsed by the schema itself: there the digits are put in quotes. */
const settleText = (text: string, chains: ReadonlyArray<Chain>): string =>
  chains.length > 0 && mayBeLong.test(text) ? Option.getOrElse(reparse(text, chains), () => text) : text

/** Parses for a schema. Throws as `JSON.parse` does. */
export const exactParser = (ast: SchemaAST.AST) => {
  const chains = [chainOf(ast)]
  return (text: string): unknown => parse(text, chains)
}
