/** Where the documents contradict themselves: §8, 1 to 37, and §10.3, 38 to 43, of what is known of the API. */
import { Option, Predicate } from "effect"
import {
  all,
  formsOf,
  levelsOf,
  listed,
  livesOf,
  operationsLike,
  outcomeOf,
  type Question,
  successOf,
  valuesOf,
  wordsOf
} from "./evidence.ts"

const none: Question["answer"] = () => Option.none()

const members = (value: unknown) => (Predicate.isObject(value) ? Object.entries(value) : [])
const numbersOf = (value: unknown) =>
  members(value)
    .filter(([, counter]) => counter === null || Predicate.isNumber(counter))
    .map(([name, counter]) => `${name} ${counter}`)
    .join(", ")

/** The counters that a list was answered with. */
const counters =
  (name: string, variant?: string): Question["answer"] =>
  (evidence) =>
    Option.flatMap(successOf(evidence, name, variant), ({ json }) =>
      Option.liftPredicate((text: string) => text !== "")(
        numbersOf(Predicate.hasProperty(json, "pagination") ? json.pagination : undefined)
      )
    )

const installations = "GET /app/installations"
const warehouse = "GET /organizations/{id}/warehouse/inventory"

/** An address with its ids taken out. */
const withoutIds = (value: unknown) =>
  Predicate.isString(value)
    ? [
        value
          .replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/gi, "{id}")
          .replace(/[?#].*$/, "")
          .slice(0, 100)
      ]
    : []

/** Whether a credit's id begins with its type. */
const typesInIds: Question["answer"] = (evidence) => {
  const credits = valuesOf(evidence, /credits\[\]$/).flatMap((credit) => {
    const [id, type] = [
      Predicate.hasProperty(credit, "id") ? credit.id : "",
      Predicate.hasProperty(credit, "type") ? credit.type : ""
    ]
    return Predicate.isString(id) && Predicate.isString(type) ? [id.startsWith(`${type}-`)] : []
  })
  return credits.length === 0
    ? Option.none()
    : Option.some(`the id begins with the type in ${credits.filter(Boolean).length} of ${credits.length} credits`)
}

const pickList = new Set([
  "Compliance",
  "Corsia",
  "Voluntary purposes",
  "Overall mitigations of global emissions",
  "Corporate emission compensation",
  "Article 6.2",
  "Testing",
  "Other"
])

const reasons: Question["answer"] = (evidence) => {
  const found = valuesOf(evidence, /retirements\[\]\.reason$/).filter(Predicate.isString)
  const picked = found.filter((reason) => pickList.has(reason)).length
  return found.length === 0 ? Option.none() : Option.some(`${picked} of ${found.length} are of the pick-list`)
}

const shapeOf =
  (name: string): Question["answer"] =>
  (evidence) =>
    Option.map(successOf(evidence, name), ({ json }) =>
      Array.isArray(json)
        ? "a list"
        : `an object with ${members(json)
            .map(([key]) => key)
            .join(" ")}`
    )

/** The list, in its order. */
export const contradictions: ReadonlyArray<Question> = [
  { id: "8.1", text: "Life of an installation's token", answer: (e) => livesOf(e, "installation") },
  {
    id: "8.2",
    text: "Whether /projects takes the app's JWT",
    answer: (e) => outcomeOf(e, "GET /projects", "with the app's JWT")
  },
  { id: "8.3", text: "Which version is the default", answer: none },
  { id: "8.4", text: "Whether `alg` must be a claim", answer: none },
  {
    id: "8.5",
    text: "Whether pages count from 0 or from 1",
    answer: (e) =>
      all([
        ["page=0", counters(installations, "limit=1&page=0")(e)],
        ["page=1", counters(installations, "limit=1&page=1")(e)]
      ])
  },
  {
    id: "8.6",
    text: "Whether limit and page are required",
    answer: (e) => outcomeOf(e, installations, "without limit and page")
  },
  {
    id: "8.7",
    text: "Whether limit and page belong into the query, for credit requests",
    answer: (e) =>
      Option.map(
        outcomeOf(e, "GET /organizations/{id}/inventory/requests"),
        (text) => `with limit=1 in the query: ${text}`
      )
  },
  {
    id: "8.8",
    text: "What skip and first mean for retirements",
    answer: (e) =>
      all([
        ["skip=0&first=2", outcomeOf(e, "GET /retirements/list")],
        ["without", outcomeOf(e, "GET /retirements/list", "without skip and first")]
      ])
  },
  {
    id: "8.9",
    text: "Whether development is required for a warehouse",
    answer: (e) =>
      all([
        ["without it", outcomeOf(e, warehouse)],
        ["development=false", outcomeOf(e, warehouse, "development=false")]
      ])
  },
  {
    id: "8.10",
    text: "Whether the list of a warehouse has pages",
    answer: (e) =>
      Option.map(successOf(e, warehouse), ({ json }) =>
        Predicate.hasProperty(json, "pagination") ? "it has a pagination" : "it has none"
      )
  },
  { id: "8.11", text: "Shape of organizationIndustries", answer: (e) => formsOf(e, /organizationIndustries$/) },
  {
    id: "8.12",
    text: "What the addresses of an organization are",
    answer: shapeOf("GET /organizations/{id}/addresses")
  },
  {
    id: "8.13",
    text: "Form of an organization's url",
    answer: (e) =>
      listed(
        [...valuesOf(e, /organization\.url$/), ...valuesOf(e, /^url$/, /^GET \/organizations\/{id}$/)].flatMap(
          withoutIds
        )
      )
  },
  { id: "8.14", text: "Shape of a webhook's organization", answer: none },
  { id: "8.15", text: "Whether a webhook always has a sender", answer: none },
  { id: "8.16", text: "Shape of a webhook's signed data", answer: none },
  { id: "8.17", text: "Form of appId", answer: (e) => formsOf(e, /(^|\.)appId$/) },
  { id: "8.18", text: "Whether a credit's id and its type agree", answer: typesInIds },
  {
    id: "8.19",
    text: "Case of a credit's type",
    answer: (e) => wordsOf(e, /(credits|reservations|creditRequests)\[\]\.type$/)
  },
  { id: "8.20", text: "States of credit requests", answer: (e) => wordsOf(e, /creditRequests\[\]\.state$/) },
  { id: "8.21", text: "Levels of organization_inventory", answer: (e) => levelsOf(e, /^organization_inventory$/) },
  { id: "8.22", text: "Names of levels", answer: (e) => levelsOf(e, /^/) },
  {
    id: "8.23",
    text: "Whether organization_projects is granted",
    answer: (e) =>
      Option.orElse(levelsOf(e, /^organization_projects$/), () => Option.map(levelsOf(e, /^/), () => "not to this app"))
  },
  {
    id: "8.24",
    text: "Shape of organizationOwner",
    answer: (e) =>
      listed(
        valuesOf(e, /organizationOwner$/).map(
          (owner) =>
            `an object with ${members(owner)
              .map(([name]) => name)
              .join(" ")}`
        )
      )
  },
  { id: "8.25", text: "Form of a retirement's id", answer: (e) => formsOf(e, /retirements\[\]\.id$/) },
  {
    id: "8.26",
    text: "Whether a retirement always has a comment",
    answer: (e) => {
      const found = valuesOf(e, /retirements\[\]$/)
      const having = found.filter((retirement) => Predicate.hasProperty(retirement, "comment")).length
      return found.length === 0 ? Option.none() : Option.some(`${having} of ${found.length} have one`)
    }
  },
  { id: "8.27", text: "Whether the reason of a retirement is free text", answer: reasons },
  { id: "8.28", text: "V1: one credit or several in a transaction", answer: none },
  { id: "8.29", text: "V1: one project or several from the utility", answer: none },
  { id: "8.30", text: "Form of tokenId", answer: (e) => formsOf(e, /tokenId$/) },
  {
    id: "8.31",
    text: "Whether a transfer is asked for by a POST",
    answer: (e) => operationsLike(e, /^POST .*inventory\/requests/)
  },
  { id: "8.32", text: "Which token checks a callback", answer: none },
  { id: "8.33", text: "Which host samples go to", answer: none },
  {
    id: "8.34",
    text: "Whether a user and an organization can be created",
    answer: (e) => operationsLike(e, /create\/user/)
  },
  { id: "8.35", text: "Who may manage apps", answer: none },
  {
    id: "8.36",
    text: "Status for a token that is none",
    answer: (e) => outcomeOf(e, "GET /projects", "with a token that is none")
  },
  {
    id: "8.37",
    text: "What pageCount counts",
    answer: (e) => Option.map(counters("GET /projects")(e), (text) => `limit=2: ${text}`)
  },
  {
    id: "10.38",
    text: "Whether the version is in the header or in the path",
    answer: (e) =>
      all([
        ["an unknown one in the header", outcomeOf(e, "GET /projects", "with an unknown version")],
        ["/v0.5/projects", outcomeOf(e, "GET /v0.5/projects", "the version in the path")]
      ])
  },
  {
    id: "10.39",
    text: "Whether the paths of v0.5 have the version in them",
    answer: (e) =>
      Option.map(e.description, ({ operations }) => {
        const versioned = operations.filter((operation) => / \/v\d/.test(operation)).length
        return `${versioned} of ${operations.length} in the registry's description`
      })
  },
  { id: "10.40", text: "Which versions additions come to", answer: none },
  { id: "10.41", text: "V1: the examples of a retirement", answer: none },
  { id: "10.42", text: "Whether requests can be reviewed", answer: (e) => operationsLike(e, /review/i) },
  { id: "10.43", text: "Which level a credit request needs", answer: none }
]
