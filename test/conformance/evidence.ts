/**
 * What a run tells about an open question. Answers are made of statuses, counts, names of fields and words of the API, never
 * of texts that belong to somebody.
 */
import { Array as Arr, DateTime, Option, Predicate } from "effect"
import { kindOfValue, visitValues } from "./fields.ts"
import type { Read } from "./reads.ts"
import type { Evidence } from "./run.ts"

/** An answer in words; none where nothing that was read tells. */
export type Answer = Option.Option<string>

/** One open question. */
export interface Question {
  /** Its section, and its number or its place there. */
  readonly id: string
  readonly text: string
  readonly answer: (evidence: Evidence) => Answer
}

/** A read by its name, such as `GET /projects`, and its variant. */
export const readOf = ({ reads }: Evidence, name: string, variant?: string): Option.Option<Read> =>
  Option.fromUndefinedOr(reads.find((read) => read.name === name && Option.getOrUndefined(read.variant) === variant))

/** A read that was answered with a success. */
export const successOf = (evidence: Evidence, name: string, variant?: string): Option.Option<Read> =>
  Option.filter(readOf(evidence, name, variant), ({ problem }) => Option.isNone(problem))

/** How a read was answered. */
export const outcomeOf = (evidence: Evidence, name: string, variant?: string): Answer =>
  Option.map(readOf(evidence, name, variant), ({ count, problem, status }) =>
    [
      Option.match(status, { onNone: () => "no answer", onSome: (code) => `status ${code}` }),
      ...Option.toArray(problem),
      ...Option.toArray(Option.map(count, (items) => `${items} items`))
    ].join(", ")
  )

/** All values of a field in all answers; the path is matched at its end. */
export const valuesOf = ({ reads }: Evidence, path: RegExp, name: RegExp = /^/): ReadonlyArray<unknown> => {
  const found: Array<unknown> = []
  for (const { json, name: read } of reads) {
    if (!name.test(read) || /openapi/.test(read)) continue
    visitValues(json, (at, value) => {
      if (path.test(at)) found.push(value)
    })
  }
  return found
}

/** Several words as one text; none for none. */
export const listed = (words: ReadonlyArray<string>): Answer =>
  Option.map(Option.liftPredicate(Arr.isReadonlyArrayNonEmpty)(Arr.dedupe(words)), (all) => all.toSorted().join(", "))

/** The different words of an enumeration. */
export const wordsOf = (evidence: Evidence, path: RegExp, name?: RegExp): Answer =>
  listed(
    valuesOf(evidence, path, name)
      .filter(Predicate.isString)
      .filter((word) => /^[\w .-]{1,40}$/.test(word))
  )

/** What a text looks like: an id keeps its form and not its value. */
export const formOf = (value: unknown): string => {
  if (!Predicate.isString(value)) return kindOfValue(value)
  if (value === "") return "empty"
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)) return "a UUID"
  if (/^\d+$/.test(value)) return "digits in a text"
  return "another text"
}

/** The forms of a field's values. */
export const formsOf = (evidence: Evidence, path: RegExp, name?: RegExp): Answer =>
  listed(valuesOf(evidence, path, name).map(formOf))

/** The words that the description lists for a field. */
export const describedWords = ({ description }: Evidence, method: string, path: string, field: RegExp): Answer =>
  description.pipe(
    Option.flatMap(({ responses }) => responses(method, path)),
    Option.flatMap((responses) =>
      listed(
        responses.flatMap(({ fields }) =>
          Array.from(Option.getOrElse(fields, () => new Map())).flatMap(([at, { values }]) =>
            field.test(at) ? values : []
          )
        )
      )
    )
  )

/** The statuses that the description gives an operation, and whether each has a body. */
export const describedStatuses = ({ description }: Evidence, method: string, path: string): Answer =>
  description.pipe(
    Option.flatMap(({ responses }) => responses(method, path)),
    Option.flatMap((responses) =>
      listed(
        responses.map(({ fields, status }) => {
          const names = Option.map(fields, (all) => [...all.keys()].filter((at) => at !== "" && !/[.[]/.test(at)))
          const body = Option.filter(names, () => status.startsWith("2"))
          return Option.match(body, {
            onNone: () => status,
            onSome: (members) => `${status} with ${members.length === 0 ? "JSON" : members.join(" ")}`
          })
        })
      )
    )
  )

/** The fields of the body that the description gives a write. */
export const describedBody = ({ description }: Evidence, method: string, path: string): Answer =>
  description.pipe(
    Option.flatMap(({ requestFields }) => requestFields(method, path)),
    Option.flatMap((fields) =>
      listed(
        Array.from(fields).flatMap(([at, { required }]) => (at === "" ? [] : [required ? at : `${at} (optional)`]))
      )
    )
  )

/** Operations of the description whose path or method tells what they do. */
export const operationsLike = ({ description }: Evidence, like: RegExp): Answer =>
  Option.flatMap(description, ({ operations }) => {
    const found = operations.filter((operation) => like.test(operation))
    return Option.orElse(listed(found), () => Option.some("the registry's description has none"))
  })

/** How long the tokens of a run live. */
export const livesOf = ({ tokens }: Evidence, kind: "app" | "installation"): Answer =>
  listed(
    tokens
      .filter((token) => ("installationId" in token ? "installation" : "app") === kind)
      .map(({ createdAt, expiresAt }) => {
        const hours = (DateTime.toEpochMillis(expiresAt) - DateTime.toEpochMillis(createdAt)) / 3_600_000
        return hours < 48 ? `${Math.round(hours * 100) / 100} hours` : `${Math.round(hours / 24)} days`
      })
  )

/** The levels that tokens and installations hold. */
export const levelsOf = (evidence: Evidence, permission: RegExp): Answer => {
  const found: Array<string> = []
  for (const { json, name } of evidence.reads) {
    if (/openapi/.test(name)) continue
    visitValues(json, (path, value) => {
      const [, key = ""] = /(?:^|\.)permissions\.(\w+)$/.exec(path) ?? []
      if (permission.test(key) && key !== "" && Predicate.isString(value)) found.push(`${key} ${value}`)
    })
  }
  return listed(found)
}

/** The most decimals of an amount, as written. */
export const decimalsOf = ({ reads }: Evidence): Answer => {
  const amounts = reads.flatMap(({ name, text }) =>
    /openapi/.test(name)
      ? []
      : [...text.matchAll(/"amount"\s*:\s*"?-?\d+(?:\.(\d+))?/g)].map(([, digits = ""]) => digits.length)
  )
  return amounts.length === 0
    ? Option.none()
    : Option.some(`at most ${Math.max(...amounts)} decimals in ${amounts.length} amounts that were read`)
}

/** Several answers to one question. */
export const all = (answers: ReadonlyArray<readonly [about: string, answer: Answer]>): Answer =>
  Option.map(
    Option.liftPredicate(Arr.isReadonlyArrayNonEmpty)(
      answers.flatMap(([about, answer]) => Option.toArray(Option.map(answer, (text) => `${about}: ${text}`)))
    ),
    (texts) => texts.join("; ")
  )
