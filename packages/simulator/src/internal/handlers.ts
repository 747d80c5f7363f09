/** Handlers of the registry's routes and their authorisation. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import { AccessToken, AnyCredential, AppJwt, CurrentApp, CurrentToken, RegistryApi } from "../Contract.ts"
import { badRequest, forbidden, notFound, unauthorized } from "../ErrorBody.ts"
import { notify } from "./control.ts"
import * as Catalogue from "./credits/catalogue.ts"
import * as Inventory from "./credits/inventory.ts"
import * as Public from "./credits/public.ts"
import * as Warehouse from "./credits/warehouse.ts"
import * as Jwt from "./jwt.ts"
import * as Organizations from "./organizations.ts"
import * as Paging from "./paging.ts"
import * as Permissions from "./permissions.ts"
import * as Present from "./present.ts"
import type { AppRecord, InstallationRecord } from "./Tables.ts"
import * as Tokens from "./tokens.ts"
import * as Validation from "./validation.ts"
import { addInstallation, addOrganization, World } from "./World.ts"

const refusal = (status: 401 | 403, message: string) => (status === 401 ? unauthorized(message) : forbidden(message))

const appOf = Effect.fnUntraced(function* (world: World["Service"], credential: Redacted.Redacted<string>) {
  const behaviour = yield* Ref.get(world.behaviour)
  const jwt = Redacted.value(credential)
  if (jwt === "") return yield* refusal(behaviour.refusedJwtStatus, "JWT is missing")
  return yield* Jwt.verify(jwt, (yield* Ref.get(world.tables)).apps, behaviour, yield* world.now).pipe(
    Effect.catchTag("Refused", ({ message }) => Effect.fail(refusal(behaviour.refusedJwtStatus, message)))
  )
})

const tokenOf = Effect.fnUntraced(function* (world: World["Service"], credential: Redacted.Redacted<string>) {
  const behaviour = yield* Ref.get(world.behaviour)
  const found = yield* Effect.provideService(Tokens.lookup(Redacted.value(credential)), World, world)
  if (typeof found === "string") return yield* refusal(behaviour.refusedTokenStatus, found)
  // Not documented: tokens of a suspended installation pause and resume with it. The status is 403 regardless of the
  // switch for refused tokens.
  if (found.installation?.suspended === true) return yield* forbidden(suspended)
  return found
})

/** Not documented; chosen so that a client can tell a suspension from a missing permission. */
const suspended = "This installation has been suspended"

const middleware = Layer.mergeAll(
  Layer.effect(
    AppJwt,
    Effect.map(World, (world) =>
      AppJwt.of({
        jwt: (handler, { credential }) =>
          Effect.flatMap(appOf(world, credential), (app) => Effect.provideService(handler, CurrentApp, app))
      })
    )
  ),
  Layer.effect(
    AccessToken,
    Effect.map(World, (world) =>
      AccessToken.of({
        accessToken: (handler, { credential }) =>
          Effect.flatMap(tokenOf(world, credential), (token) => Effect.provideService(handler, CurrentToken, token))
      })
    )
  ),
  Layer.effect(
    AnyCredential,
    Effect.map(World, (world) =>
      AnyCredential.of({
        accessToken: Effect.fnUntraced(function* (handler, { credential }) {
          const { jwtOnProjects } = yield* Ref.get(world.behaviour)
          if (jwtOnProjects && Redacted.value(credential).includes(".")) yield* appOf(world, credential)
          else yield* tokenOf(world, credential)
          return yield* handler
        })
      })
    )
  ),
  Validation.layer
)

const apps = HttpApiBuilder.group(
  RegistryApi,
  "Apps",
  Effect.fnUntraced(function* (handlers) {
    const world = yield* World

    // `record` comes from the app's own table, so another app's installation is answered like an unknown one.
    const presented = Effect.fnUntraced(function* (record: InstallationRecord | undefined, app: AppRecord) {
      const organization = record && Present.owner(yield* Ref.get(world.tables), record)
      if (record === undefined || organization === undefined) return yield* notFound("Installation not found")
      return Present.installation(record, app, organization, { ...world, behaviour: yield* Ref.get(world.behaviour) })
    })

    return handlers
      .handle(
        "createAppAccessToken",
        Effect.fnUntraced(function* () {
          return Tokens.present(yield* Effect.provideService(Tokens.issue(yield* CurrentApp), World, world))
        })
      )
      .handle(
        "createInstallationAccessToken",
        Effect.fnUntraced(function* ({ params }) {
          const app = yield* CurrentApp
          const installation = app.installations.get(params.installationId)
          if (installation === undefined) return yield* notFound("Installation not found")
          if (installation.suspended) return yield* forbidden(suspended)
          const token = yield* Effect.provideService(Tokens.issue(app, installation), World, world)
          return {
            ...Tokens.present(token),
            installationId: installation.id,
            organizationId: installation.organizationId
          }
        })
      )
      .handle(
        "listInstallations",
        Effect.fnUntraced(function* ({ query }) {
          const app = yield* CurrentApp
          const behaviour = yield* Ref.get(world.behaviour)
          const page = yield* Paging.read(query, behaviour)
          const { items, pagination } = Paging.cut(Present.listed(app, behaviour), page, behaviour)
          const installations = yield* Effect.forEach(items, (record) => presented(record, app)).pipe(Effect.orDie)
          return { pagination, installations }
        })
      )
      .handle(
        "getInstallation",
        Effect.fnUntraced(function* ({ params }) {
          const app = yield* CurrentApp
          return yield* presented(app.installations.get(params.installationId), app)
        })
      )
      .handle(
        "getOrganizationInstallation",
        Effect.fnUntraced(function* ({ params }) {
          const app = yield* CurrentApp
          return yield* presented(app.byOrganization.get(params.organizationId), app)
        })
      )
      .handle(
        "createUserOrganization",
        Effect.fnUntraced(function* ({ payload: { organization } }) {
          if (!(yield* Ref.get(world.behaviour)).createUserOrganization) {
            return yield* notFound("Cannot POST /app/create/user/organization")
          }
          const app = yield* CurrentApp
          const tables = yield* Ref.get(world.tables)
          const now = yield* world.now
          const given = { ...organization, countryCode: organization.countryCode ?? null }
          const owner = addOrganization(tables, world.seed, now, given)
          const record = addInstallation(tables, world.seed, app, owner, now)
          yield* notify(world, "installed", record)
          return { installation: yield* presented(record, app) }
        })
      )
  })
)

const tokens = HttpApiBuilder.group(
  RegistryApi,
  "Access tokens",
  Effect.fnUntraced(function* (handlers) {
    const world = yield* World
    return handlers.handle(
      "deleteAccessToken",
      Effect.fnUntraced(function* () {
        const { installation, token } = yield* CurrentToken
        const { refusedTokenStatus, revokeAppTokens } = yield* Ref.get(world.behaviour)
        if (installation === undefined && !revokeAppTokens) {
          return yield* refusal(refusedTokenStatus, "Access token belongs to no installation")
        }
        return (yield* Ref.get(world.tables)).tokens.delete(token)
      })
    )
  })
)

/** One page of the projects. All of them are public, so an examiner gets the same page. */
const projectPage = Effect.fnUntraced(function* (world: World["Service"], query: Paging.PageQuery) {
  const behaviour = yield* Ref.get(world.behaviour)
  const numbers = Array.from({ length: world.projects }, (_, index) => index)
  const { items, pagination } = Paging.cut(numbers, yield* Paging.read(query, behaviour), behaviour)
  return { pagination, projects: items.map((index) => Present.project(index, { ...world, behaviour })) }
})

const projectAt = Effect.fnUntraced(function* (world: World["Service"], index: number) {
  if (index < 0) return yield* notFound("Project not found")
  return Present.project(index, { ...world, behaviour: yield* Ref.get(world.behaviour) })
})

const internalProjects = HttpApiBuilder.group(
  RegistryApi,
  "Internal projects",
  Effect.fnUntraced(function* (handlers) {
    const world = yield* World
    const ids = Present.projectIds(world)
    const demand = Effect.gen(function* () {
      yield* Permissions.demand("examiner:read", yield* CurrentToken, yield* Ref.get(world.behaviour))
    })
    return handlers
      .handle("listInternalProjects", ({ query }) => Effect.andThen(demand, projectPage(world, query)))
      .handle("getInternalProject", ({ params }) =>
        Effect.andThen(demand, projectAt(world, ids.indexOf(params.projectId)))
      )
  })
)

const projects = HttpApiBuilder.group(
  RegistryApi,
  "Projects",
  Effect.fnUntraced(function* (handlers) {
    const world = yield* World
    const ids = Present.projectIds(world)
    return handlers
      .handle("listProjects", ({ query }) => projectPage(world, query))
      .handle(
        "findProject",
        Effect.fnUntraced(function* ({ query: { creditId, serialization } }) {
          if (creditId === undefined && serialization === undefined) {
            return yield* badRequest(["serialization or creditId should not be empty"])
          }
          const found = Catalogue.find(
            world,
            (credit) =>
              credit.id === (creditId ?? credit.id) && credit.serialization === (serialization ?? credit.serialization)
          )
          return yield* projectAt(world, found?.project ?? -1)
        })
      )
      .handle("getProject", ({ params }) => projectAt(world, ids.indexOf(params.id)))
  })
)

/** The registry's routes, which need a `World`. */
export const layer = HttpApiBuilder.layer(RegistryApi).pipe(
  Layer.provide([
    apps,
    tokens,
    Organizations.group,
    Inventory.group,
    Warehouse.group,
    internalProjects,
    projects,
    Public.retirements,
    Public.credits
  ]),
  Layer.provide(middleware)
)
