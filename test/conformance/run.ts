/** What is asked, in which order: each read takes its ids from the ones before it. */
import { AppAccessToken, InstallationAccessToken } from "@effect-icr/app/domain/AccessToken"
import { Installation, InstallationPage } from "@effect-icr/app/domain/Installation"
import { Organization } from "@effect-icr/app/domain/Organization"
import { Pagination } from "@effect-icr/app/domain/Pagination"
import { Signer } from "@effect-icr/app/Signer"
import { lenient } from "@effect-icr/app/extension"
import { Addresses } from "@effect-icr/registry/domain/Addresses"
import { CreditRequest, CreditRequestPage } from "@effect-icr/registry/domain/CreditRequest"
import { AccountCredits, InventoryCredit, ProjectCredits, WarehouseCredit } from "@effect-icr/registry/domain/Credits"
import { Project, ProjectPage } from "@effect-icr/registry/domain/Project"
import { Reservation } from "@effect-icr/registry/domain/Reservation"
import { Retirement } from "@effect-icr/registry/domain/Retirement"
import { Array as Arr, Effect, Option, Redacted, Ref, Schema } from "effect"
import { type Description, describe } from "./description.ts"
import { type Ask, type Read, read } from "./reads.ts"

const Inventory = Schema.Struct({ credits: Schema.Array(InventoryCredit) })
const WarehouseInventory = Schema.Struct({ credits: Schema.Array(WarehouseCredit) })
const Reservations = Schema.Struct({ reservations: Schema.Array(Reservation), pagination: lenient(Pagination) })
const Retirements = Schema.Struct({ retirements: Schema.Array(Retirement) })

/** Everything that came of a run. */
export interface Evidence {
  readonly reads: ReadonlyArray<Read>
  /** The registry's own description, where it could be read. */
  readonly description: Option.Option<Description>
  /** The tokens of the run. */
  readonly tokens: ReadonlyArray<AppAccessToken | InstallationAccessToken>
}

/**
 * Where the registry is said to publish its own description. Its framework serves a page for people at such a path, and the
 * document beside it.
 */
export const descriptionPaths = ["/v0.5/openapi", "/v0.5/openapi-json"] as const

/** The first of the reads that is a description. */
const descriptionIn = (reads: ReadonlyArray<Read>) =>
  Option.firstSomeOf(descriptionPaths.map((path) => describe(reads.find((read) => read.path === path)?.json)))

const organizationPath = "/organizations/{id}"
const warehousePath = `${organizationPath}/warehouse/inventory`

const head = <A>(items: Option.Option<ReadonlyArray<A>>) => Option.flatMap(items, Arr.head)

/** Reads everything, and goes on past what is refused. */
export const run = Effect.gen(function* () {
  const reads = yield* Ref.make<ReadonlyArray<Read>>([])
  const tokens = yield* Ref.make<Evidence["tokens"]>([])
  const jwt = yield* (yield* Signer).appJwt
  const asker =
    (credential: Redacted.Redacted) =>
    <A>(path: string, ask: Omit<Ask<A>, "path"> = {}) =>
      read<A>(reads, credential, { path, ...ask })
  const asApp = asker(jwt)

  // -------------------------------------------------------------------------------------------------------------------
  // The app itself
  // -------------------------------------------------------------------------------------------------------------------

  const page = yield* asApp("/app/installations", {
    query: { limit: 2, page: 0 },
    list: "installations",
    schema: InstallationPage
  })
  for (const number of [0, 1]) {
    yield* asApp("/app/installations", {
      query: { limit: 1, page: number },
      list: "installations",
      variant: `limit=1&page=${number}`
    })
  }
  yield* asApp("/app/installations", { list: "installations", variant: "without limit and page" })
  yield* asApp("/projects", { query: { limit: 1, page: 0 }, list: "projects", variant: "with the app's JWT" })
  yield* asApp("/whoami")
  const installation = head(Option.map(page, ({ installations }) => installations))

  // -------------------------------------------------------------------------------------------------------------------
  // What any token may read
  // -------------------------------------------------------------------------------------------------------------------

  const publicReads = Effect.fnUntraced(function* (token: AppAccessToken) {
    yield* Ref.update(tokens, Arr.append(token))
    const ask = asker(token.token)
    for (const path of descriptionPaths) {
      if (Option.isNone(descriptionIn(yield* Ref.get(reads)))) yield* ask(path)
    }
    yield* ask("/v1/openapi")
    yield* ask("/v0/openapi")
    yield* ask("/v0.5/projects", {
      query: { limit: 1, page: 0 },
      list: "projects",
      schema: ProjectPage,
      variant: "the version in the path"
    })
    const projects = yield* ask("/projects", { query: { limit: 2, page: 0 }, list: "projects", schema: ProjectPage })
    yield* ask("/projects", { query: { limit: 1000, page: 0 }, list: "projects", variant: "limit=1000" })
    const total = Option.flatMap(projects, ({ pagination }) => pagination.total)
    if (Option.isSome(total) && total.value > 0) {
      yield* ask("/projects", {
        query: { limit: 1, page: total.value - 1 },
        list: "projects",
        variant: "the last page"
      })
    }
    yield* ask("/projects", { headers: { "x-icr-api-version": "1999-01-01" }, variant: "with an unknown version" })
    const project = head(Option.map(projects, (answer) => answer.projects))
    if (Option.isSome(project)) {
      const params = { id: project.value.id }
      yield* ask("/projects/{id}", { params, schema: Project })
      yield* ask("/carbonCredits/projects/{id}", { params, schema: ProjectCredits })
    }
    yield* ask("/projects/internal", { query: { limit: 2, page: 0 }, list: "projects", schema: ProjectPage })
    const retired = yield* ask("/retirements/list", {
      query: { skip: 0, first: 2 },
      list: "retirements",
      schema: Retirements
    })
    yield* ask("/retirements/list", { list: "retirements", variant: "without skip and first" })
    const retirement = Option.flatMap(head(Option.map(retired, ({ retirements }) => retirements)), ({ id }) => id)
    if (Option.isSome(retirement)) {
      yield* ask("/retirements", { query: { id: retirement.value }, schema: Retirement })
      yield* ask("/retirements/{retirementId}/pdf", { params: { retirementId: retirement.value } })
    }
    for (const account of ["buffer", "adjustment", "organization"]) {
      yield* ask(`/carbonCredits/icr/inventory/${account}`, { schema: AccountCredits })
    }
    return ask
  })

  const token = yield* asApp("/app/accessTokens", { method: "POST", schema: AppAccessToken })
  const asPublic = Option.isSome(token) ? Option.some(yield* publicReads(token.value)) : Option.none()
  yield* asker(Redacted.make("crs_no-token"))("/projects", { variant: "with a token that is none" })

  // -------------------------------------------------------------------------------------------------------------------
  // One organization
  // -------------------------------------------------------------------------------------------------------------------

  const organizationReads = Effect.fnUntraced(function* ({
    organizationId,
    token: credential
  }: InstallationAccessToken) {
    const ask = asker(credential)
    const params = { id: organizationId }
    yield* ask(organizationPath, { params, schema: Organization })
    yield* ask(`${organizationPath}/addresses`, { params, schema: Addresses, isOtherShape: true })
    yield* ask(`${organizationPath}/retirements`, { params, list: "retirements", schema: Retirements })
    const inventory = yield* ask(`${organizationPath}/inventory`, { params, list: "credits", schema: Inventory })
    const requests = yield* ask(`${organizationPath}/inventory/requests`, {
      params,
      query: { limit: 1, page: 0 },
      list: "creditRequests",
      schema: CreditRequestPage
    })
    const request = head(Option.map(requests, ({ creditRequests }) => creditRequests))
    if (Option.isSome(request)) {
      yield* ask(`${organizationPath}/inventory/requests/{requestId}`, {
        params: { ...params, requestId: request.value.id },
        schema: CreditRequest
      })
    }
    const warehouse = yield* ask(warehousePath, { params, list: "credits", schema: WarehouseInventory })
    yield* ask(warehousePath, {
      params,
      query: { development: "false" },
      list: "credits",
      variant: "development=false"
    })
    yield* ask(`${warehousePath}/reservations`, {
      params,
      query: { limit: 1, page: 0 },
      list: "reservations",
      variant: "limit=1&page=0"
    })
    const reserved = yield* ask(`${warehousePath}/reservations`, { params, list: "reservations", schema: Reservations })
    const reservation = head(Option.map(reserved, ({ reservations }) => reservations))
    if (Option.isSome(reservation)) {
      yield* ask(`${warehousePath}/reservations/{reservationId}`, {
        params: { ...params, reservationId: reservation.value.id },
        schema: Reservation,
        // Its path is not printed anywhere: without it the client asks the list.
        isOptional: true
      })
    }
    const held = Option.getOrElse(
      Option.map(inventory, ({ credits }) => credits),
      () => []
    )
    const offered = Option.getOrElse(
      Option.map(warehouse, ({ credits }) => credits),
      () => []
    )
    const credit = Arr.head([...held, ...offered])
    if (Option.isSome(credit) && Option.isSome(asPublic)) {
      const query = { creditId: credit.value.id }
      yield* asPublic.value("/projects/find/project", { query, schema: Project })
    }
  })

  if (Option.isSome(installation)) {
    const { id, organization } = installation.value
    yield* asApp("/app/installations/{installationId}", { params: { installationId: id }, schema: Installation })
    yield* asApp("/app/organizations/{organizationId}/installation", {
      params: { organizationId: organization.id },
      schema: Installation
    })
    const own = yield* asApp("/app/installations/{installationId}/accessTokens", {
      method: "POST",
      params: { installationId: id },
      schema: InstallationAccessToken
    })
    if (Option.isSome(own)) {
      yield* Ref.update(tokens, Arr.append(own.value))
      yield* organizationReads(own.value)
    }
  }

  const done = yield* Ref.get(reads)
  const evidence: Evidence = { reads: done, description: descriptionIn(done), tokens: yield* Ref.get(tokens) }
  return evidence
})
