/** What differs between two tellings of the same answer, field by field. */
import { Option } from "effect"
import type { ClientField, ClientFields } from "./clientFields.ts"
import { type Field, type Fields, kindOfValue, parentOf, visitValues } from "./fields.ts"

/** One difference. */
export interface Difference {
  /** The field's path. */
  readonly field: string
  readonly says: string
  /** Whether the client cannot decode an answer that differs like this. */
  readonly matters: boolean
}

const isUnknownBelow = (fields: Fields, path: string): boolean =>
  Option.exists(
    parentOf(path),
    (parent) =>
      fields.get(parent)?.isOpen === true ||
      fields.get(parent)?.kinds.has("any") === true ||
      isUnknownBelow(fields, parent)
  )

const isBelowOpen = (client: ClientFields, path: string): boolean =>
  Option.exists(parentOf(path), (parent) => client.get(parent)?.isOpen === true || isBelowOpen(client, parent))

const kindsOf = ({ kinds }: Field) => [...kinds].toSorted().join(" or ")

const name = (path: string) => (path === "" ? "(the answer)" : path)

const wrongKinds = (field: Field, { accepts }: ClientField) =>
  [...field.kinds].filter((kind) => kind !== "null" && !accepts(kind))

const differencesOf = (path: string, field: Field, client: ClientField): ReadonlyArray<Difference> => {
  const wrong = wrongKinds(field, client)
  const says = [
    ...(client.matters && !field.required ? ["may be absent; the client needs it"] : []),
    ...(client.matters && field.kinds.has("null") && !client.accepts("null")
      ? ["may be null; the client needs it"]
      : []),
    ...wrong.map((kind) => `is of kind ${kind}, which the client ${client.matters ? "cannot read" : "reads as absent"}`)
  ]
  return says.map((text) => ({ field: name(path), says: text, matters: client.matters }))
}

/** Where the client reads one object as a list of one, as it does with lenient lists, its fields are those of an item. */
const withLists = (fields: Fields, client: ClientFields): Fields => {
  const lone = Array.from(client.keys()).find(
    (path) => client.get(path)?.kind === "array" && fields.get(path)?.kinds.has("object") && !fields.has(`${path}[]`)
  )
  const list = lone === undefined ? undefined : fields.get(lone)
  if (lone === undefined || list === undefined) return fields
  const below = Array.from(
    fields,
    ([path, field]) => [path.startsWith(`${lone}.`) ? `${lone}[]${path.slice(lone.length)}` : path, field] as const
  )
  return withLists(new Map([...below, [`${lone}[]`, list]]), client)
}

/** What a description promises, against what the client decodes. */
export const againstClient = (promised: Fields, client: ClientFields): ReadonlyArray<Difference> => {
  const described = withLists(promised, client)
  const wanted = Array.from(client).flatMap(([path, field]): ReadonlyArray<Difference> => {
    const found = described.get(path)
    if (found !== undefined) return differencesOf(path, found, field)
    // What is below something that is missing, or of which nothing is said, is not told one by one.
    const isTold = Option.exists(parentOf(path), (parent) => !described.has(parent))
    if (isTold || isUnknownBelow(described, path)) return []
    const says = field.matters ? "is not there; the client needs it" : "is not there; the client does without"
    return [{ field: name(path), says, matters: field.matters }]
  })
  return [...wanted, ...notRead(described, client)]
}

/** Fields that the client leaves out. */
const notRead = (fields: Fields, client: ClientFields): ReadonlyArray<Difference> =>
  Array.from(fields.keys())
    .filter((path) => !client.has(path) && !isBelowOpen(client, path))
    .filter((path) =>
      Option.exists(parentOf(path), (parent) => client.get(parent)?.kind !== "value" && client.has(parent))
    )
    .map((path) => ({ field: name(path), says: "is not read by the client", matters: false }))

/** What an answer has that the client leaves out or reads as absent. Whether it is decoded tells the client itself. */
export const leftOut = (json: unknown, client: ClientFields): ReadonlyArray<Difference> => {
  const dropped = new Set<string>()
  const answered = new Map<string, Field>()
  visitValues(json, (path, value) => {
    const kind = kindOfValue(value)
    answered.set(path, { kinds: new Set([kind]), required: false, isOpen: false, values: [] })
    const field = client.get(path)
    if (field !== undefined && kind !== "null" && value !== "" && !field.accepts(kind)) dropped.add(`${path}\n${kind}`)
  })
  return [
    ...Array.from(dropped, (entry) => {
      const [path = "", kind] = entry.split("\n")
      return { field: name(path), says: `is of kind ${kind}, which the client reads as absent`, matters: false }
    }),
    ...notRead(withLists(answered, client), client)
  ]
}

/** What `theirs` (the registry) has otherwise than `ours` (the simulator's contract). */
export const againstSimulator = (theirs: Fields, ours: Fields, isPromise: boolean): ReadonlyArray<Difference> => {
  const paths = new Set([...theirs.keys(), ...ours.keys()])
  return Array.from(paths).flatMap((path): ReadonlyArray<Difference> => {
    const their = theirs.get(path)
    const our = ours.get(path)
    const differs = (says: string) => [{ field: name(path), says, matters: false }]
    if (isUnknownBelow(theirs, path) || isUnknownBelow(ours, path)) return []
    if (their === undefined) {
      // An answer may leave a field out; a description that does so does not know it.
      const isTold = Option.exists(parentOf(path), (parent) => !theirs.has(parent))
      return isPromise && !isTold ? differs("is served by the simulator only") : []
    }
    if (our === undefined) {
      return Option.exists(parentOf(path), (parent) => !ours.has(parent))
        ? []
        : differs("is not served by the simulator")
    }
    const others = [...their.kinds].filter((kind) => !our.kinds.has(kind))
    if (others.length > 0 && !our.kinds.has("any") && !their.kinds.has("any")) {
      return differs(`is ${kindsOf(their)}; the simulator serves ${kindsOf(our)}`)
    }
    if (isPromise && their.required !== our.required) {
      return differs(
        their.required
          ? "is always there; the simulator may leave it out"
          : "may be absent; the simulator always serves it"
      )
    }
    const values = their.values.filter((value) => !our.values.includes(value))
    return isPromise && our.values.length > 0 && values.length > 0 ? differs(`may also be ${values.join(", ")}`) : []
  })
}
