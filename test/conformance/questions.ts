/** What the documents leave open (§8 and §10.5 of what is known of the API), and what a run tells about it. */
import { Option } from "effect"
import { contradictions } from "./contradictions.ts"
import {
  all,
  decimalsOf,
  describedBody,
  describedStatuses,
  describedWords,
  livesOf,
  operationsLike,
  outcomeOf,
  type Question,
  wordsOf
} from "./evidence.ts"
import type { Evidence } from "./run.ts"

const none: Question["answer"] = () => Option.none()

const organization = "/organizations/{id}"
const reservations = `${organization}/warehouse/inventory/reservations`
const requests = `${organization}/inventory/requests`

const reservationWrites: Question["answer"] = (e) =>
  all([
    ["reserve", describedStatuses(e, "POST", reservations)],
    ["finish", describedStatuses(e, "POST", `${reservations}/{reservationId}/{action}`)],
    ["cancel", describedStatuses(e, "DELETE", `${reservations}/{reservationId}`)]
  ])

const writes: Question["answer"] = (e) =>
  all([
    ["reservations", reservationWrites(e)],
    ["request", describedStatuses(e, "POST", `${requests}/{action}`)]
  ])

const enums: Question["answer"] = (e) =>
  all([
    ["states of requests", describedWords(e, "GET", requests, /state$/)],
    ["types of requests", describedWords(e, "GET", requests, /creditRequests\[\]\.type$/)],
    ["status of projects", describedWords(e, "GET", "/projects", /status$/)],
    ["types of organizations", describedWords(e, "GET", organization, /^type$/)],
    ["states that were read", wordsOf(e, /creditRequests\[\]\.state$/)],
    ["status that was read", wordsOf(e, /(^|projects\[\]\.)status$/, /\/projects/)]
  ])

const published: Question["answer"] = (e) =>
  all([
    ["/v0.5/openapi", outcomeOf(e, "GET /v0.5/openapi")],
    ["/v1/openapi", outcomeOf(e, "GET /v1/openapi")],
    ["/v0/openapi", outcomeOf(e, "GET /v0/openapi")]
  ])

const singleReservation = (e: Evidence) =>
  all([
    ["GET", outcomeOf(e, `GET ${reservations}/{reservationId}`)],
    ["writes", reservationWrites(e)]
  ])

const unseenPaths = /friendbot|faucet|transaction|review|finali/i

/** All questions, in the order of their sections. */
export const questions: ReadonlyArray<Question> = [
  ...contradictions,
  { id: "8 a", text: "GET /whoami", answer: (e) => outcomeOf(e, "GET /whoami") },
  {
    id: "8 b",
    text: "Pages not found: Environments, Documents, Utility, V1 Organizations, the OpenAPI file",
    answer: published
  },
  { id: "8 c", text: "Fingerprint of a key, PEM flavour, key size, kid", answer: none },
  { id: "8 d", text: "Life of the app's token; how many tokens live at once", answer: (e) => livesOf(e, "app") },
  { id: "8 e", text: "What becomes of live tokens when an installation changes", answer: none },
  { id: "8 f", text: "Statuses and bodies of writes", answer: writes },
  {
    id: "8 g",
    text: "Paths of friendbot, a transaction, review, finalize",
    answer: (e) => operationsLike(e, unseenPaths)
  },
  { id: "8 h", text: "Full lists of states, types and status", answer: enums },
  { id: "8 i", text: "Webhooks: timeout, retries, order, content type", answer: none },
  { id: "8 j", text: "Values of event on the callback", answer: none },
  { id: "8 k", text: "Decimals, rounding and minimum of amounts", answer: decimalsOf },
  { id: "8 l", text: "Whether a write can be repeated", answer: none },
  {
    id: "10.5 a",
    text: "Reservations: statuses and bodies of writes, the single read and its path",
    answer: singleReservation
  },
  {
    id: "10.5 b",
    text: "Errors: short balance, expired or foreign reservation, suspension, refused JWT",
    answer: none
  },
  { id: "10.5 c", text: "Full lists of states, types and status", answer: enums },
  { id: "10.5 d", text: "Body of cancel", answer: (e) => describedBody(e, "POST", `${requests}/{action}`) },
  { id: "10.5 e", text: "Paths of friendbot, finalize, review", answer: (e) => operationsLike(e, unseenPaths) },
  {
    id: "10.5 f",
    text: "Pages: Environments, failed deliveries, Documents, Utility, V1 Organizations",
    answer: (e) => operationsLike(e, /document|utility/i)
  },
  { id: "10.5 g", text: "Command for the fingerprint of a key", answer: none },
  { id: "10.5 h", text: "PEM flavour, key size, kid", answer: none },
  { id: "10.5 i", text: "V1: fields of TransferCredit and EmailDto", answer: none },
  {
    id: "10.5 j",
    text: "Pages of inventory and warehouse lists",
    answer: (e) =>
      all([
        ["inventory", outcomeOf(e, `GET ${organization}/inventory`)],
        ["warehouse", outcomeOf(e, `GET ${organization}/warehouse/inventory`)],
        ["reservations", outcomeOf(e, `GET ${reservations}`)],
        ["reservations with limit=1", outcomeOf(e, `GET ${reservations}`, "limit=1&page=0")]
      ])
  },
  { id: "10.5 k", text: "Precision of amounts", answer: decimalsOf },
  { id: "10.5 l", text: "Rate limits", answer: none },
  { id: "10.5 m", text: "Content of /v0.5/openapi, /v1/openapi, /v0/openapi", answer: published },
  { id: "10.5 n", text: "A kit by the registry itself", answer: none },
  { id: "10.5 o", text: "Meaning of the parts of a serial", answer: none }
]
