/** What a run says in the end, line by line, and whether anything that matters differs. */
import { RegistryApi } from "@effect-icr/simulator/Contract"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { Effect, Option, Result } from "effect"
import { OpenApi } from "effect/http-api"
import { againstClient, againstSimulator, type Difference, leftOut } from "./compare.ts"
import { type Description, describe, successFields } from "./description.ts"
import { answeredFields } from "./fields.ts"
import { inNoItem, withUses, writes } from "./neededFor.ts"
import { questions } from "./questions.ts"
import type { Read } from "./reads.ts"
import { descriptionPaths, type Evidence, run } from "./run.ts"

/** What is printed, and what the program ends with: 1 when what the client needs differs, or when that could not be told. */
export interface Report {
  readonly lines: ReadonlyArray<string>
  readonly exitCode: 0 | 1
}

const simulated = describe(OpenApi.fromApi(RegistryApi))

const titleOf = ({ name, variant }: Read) =>
  Option.match(variant, { onNone: () => name, onSome: (text) => `${name} (${text})` })

const readLine = (read: Read) => {
  const decoded = Option.map(read.decoded, (result) =>
    Result.isSuccess(result) ? "decoded" : `NOT DECODED, ${result.failure}`
  )
  const parts = [
    Option.match(read.status, { onNone: () => "no answer", onSome: String }),
    ...Option.toArray(read.problem),
    ...Option.toArray(Option.map(read.count, (items) => `${items} items`)),
    ...Option.toArray(decoded)
  ]
  return `  ${titleOf(read)}: ${parts.join(", ")}`
}

const differenceLines = (differences: ReadonlyArray<Difference>) =>
  differences.map(({ field, matters, says }) => `    ${matters ? "MATTERS " : ""}${field} ${says}`)

const section = (title: string, lines: ReadonlyArray<string>) => [
  "",
  title,
  ...(lines.length === 0 ? ["  nothing"] : lines)
]

/** Each read with its differences; reads without any are left out. */
const compared = (reads: ReadonlyArray<Read>, differencesOf: (read: Read) => ReadonlyArray<Difference>) => {
  const found = reads.map((read) => ({ read, differences: differencesOf(read) }))
  return {
    matters: found.some(({ differences }) => differences.some(({ matters }) => matters)),
    lines: found
      .filter(({ differences }) => differences.length > 0)
      .flatMap(({ differences, read }) => [[`  ${titleOf(read)}`], differenceLines(differences)].flat())
  }
}

/** Reads that the client makes as well. */
const isPlain = ({ client, variant }: Read) => Option.isSome(client) && Option.isNone(variant)

const describedAgainst = (description: Description, reads: ReadonlyArray<Read>) => {
  const fieldsOf = ({ method, path }: Read) => successFields(description, method, path)
  const plain = reads.filter(isPlain)
  const client = compared(plain, (read) =>
    Option.getOrElse(Option.zipWith(fieldsOf(read), read.client, againstClient), () => []).map(withUses(read))
  )
  const simulator = compared(plain, (read) =>
    Option.getOrElse(
      Option.zipWith(
        fieldsOf(read),
        Option.flatMap(simulated, (ours) => successFields(ours, read.method, read.path)),
        (theirs, ours) => againstSimulator(theirs, ours, true)
      ),
      () => []
    )
  )
  // Of what has another shape on the wire, and of writes, the description has to have the operation.
  const isThere = (read: Read) =>
    isPlain(read) ? Option.isSome(fieldsOf(read)) : Option.isSome(description.responses(read.method, read.path))
  const optional = plain.filter((read) => !read.isNeeded && !isThere(read)).map(({ name }) => name)
  const needed = [
    ...reads.filter((read) => read.isNeeded && !isThere(read)).map(({ name }) => name),
    ...writes
      .filter(([method, path]) => Option.isNone(description.responses(method, path)))
      .map(([method, path]) => `${method} ${path}`)
  ]
  const missing = [
    ...needed.map((name) => `  MATTERS ${name} is not described`),
    ...optional.map((name) => `  ${name} is not described`)
  ]
  return { client, simulator, missing, needed }
}

const answeredAgainst = (reads: ReadonlyArray<Read>) => {
  const answered = reads.filter((read) => isPlain(read) && read.json !== undefined)
  const client = compared(answered, (read) =>
    Option.getOrElse(
      Option.map(read.client, (wanted) => [...leftOut(read.json, wanted).map(withUses(read)), ...inNoItem(read)]),
      () => []
    )
  )
  const simulator = compared(answered, (read) =>
    Option.getOrElse(
      Option.map(
        Option.flatMap(simulated, (ours) => successFields(ours, read.method, read.path)),
        (ours) => againstSimulator(answeredFields(read.json), ours, false)
      ),
      () => []
    )
  )
  return { client, simulator }
}

/** Whether a refusal says something of the registry, and not that this run could not tell. */
const isAnswer = ({ status }: Read) => Option.exists(status, (code) => code < 500 && code !== 429)

/**
 * Whether an operation of the client is not there, or not in the way the client asks. One that the token may not use is.
 */
const isGone = ({ isNeeded, status }: Read) =>
  isNeeded && Option.exists(status, (code) => [400, 404, 405, 410, 422].includes(code))

/** Whether something else than a description is where it should be. One that is absent is not needed: the answers tell. */
const isNoDescription = ({ path, status }: Read) =>
  descriptionPaths.some((described) => described === path) && !Option.contains(status, 404)

/** Makes the report of a run. */
const reportOf = (evidence: Evidence, baseUrl: string): Report => {
  const { description, reads } = evidence
  const undecoded = reads.filter(
    ({ decoded, variant }) => Option.isNone(variant) && Option.exists(decoded, Result.isFailure)
  )
  const gone = reads.filter(isGone)
  const unanswered = reads.filter((read) => !isAnswer(read))
  const answers = answeredAgainst(reads)
  const described = Option.map(description, (found) => describedAgainst(found, reads))
  const fromDescription = Option.match(described, {
    onNone: () => section("The registry's own description", [`  none at ${descriptionPaths.join(" and ")}`]),
    onSome: ({ client, missing, simulator }) => [
      ...section("The registry's own description against what the client decodes", [...missing, ...client.lines]),
      ...section("The registry's own description against what the simulator serves", simulator.lines)
    ]
  })
  const asked = questions.map(({ answer, id, text }) => {
    const told = Option.match(answer(evidence), {
      onNone: () => "not answered by a read",
      onSome: (found) => `answered: ${found}`
    })
    return `  ${id} ${text}: ${told}`
  })
  const matters = Option.exists(described, ({ client }) => client.matters)
  const notDescribed = Option.match(described, { onNone: () => [], onSome: ({ needed }) => needed })
  const unreadable = Option.isNone(description) ? reads.filter(isNoDescription) : []
  const isMissing = !reads.some(({ name, problem }) => name === "POST /app/accessTokens" && Option.isNone(problem))
  const verdicts = [
    ...(matters ? ["A field that the client needs differs in the registry's description."] : []),
    ...(notDescribed.length > 0 ? [`Not described: ${notDescribed.join(", ")}.`] : []),
    ...(unreadable.length > 0 ? [`No description, though not absent: ${unreadable.map(titleOf).join(", ")}.`] : []),
    ...(answers.client.matters ? ["A field that the client needs is not in the registry's answers."] : []),
    ...(undecoded.length > 0 ? [`Not decoded: ${undecoded.map(titleOf).join(", ")}.`] : []),
    ...(gone.length > 0 ? [`Not there, or not as the client asks: ${gone.map(titleOf).join(", ")}.`] : []),
    ...(unanswered.length > 0 ? [`Not answered: ${unanswered.map(titleOf).join(", ")}.`] : []),
    ...(isMissing ? ["The app got no token, so that next to nothing was read."] : [])
  ]
  return {
    exitCode: verdicts.length === 0 ? 0 : 1,
    lines: [
      `Conformance of ${baseUrl}, reading only`,
      ...section("Reads", reads.map(readLine)),
      ...fromDescription,
      ...section("Answers against what the client decodes", answers.client.lines),
      ...section("Answers against what the simulator serves", answers.simulator.lines),
      ...section("Open questions", asked),
      "",
      ...(verdicts.length === 0 ? ["Nothing that the client needs differs."] : verdicts)
    ]
  }
}

/** Reads everything and reports. */
export const report = Effect.gen(function* () {
  const { apiPath, baseUrl } = yield* IcrConfig
  return reportOf(yield* run, baseUrl + apiPath)
})
