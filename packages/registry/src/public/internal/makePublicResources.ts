/** Puts the resources that any token may read together. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Service as App } from "@effect-icr/app/IcrApp"
import type { IcrError } from "@effect-icr/app/IcrError"
import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import { callOptions, invalidRequest, pages } from "@effect-icr/app/extension"
import { certificate } from "../../calls/internal/certificate.ts"
import { checkId } from "../../calls/internal/input.ts"
import { AccountCredits, ProjectCredits } from "../../domain/Credits.ts"
import { CreditId } from "../../domain/Ids.ts"
import { Project, ProjectPage } from "../../domain/Project.ts"
import { Retirement } from "../../domain/Retirement.ts"
import type { Permissions } from "../../permissions/internal/permissions.ts"
import type { PageOptions, Projects, PublicResources, RegistryAccount } from "../PublicResources.ts"

/** The largest page the registry is known to give. */
const pageSize = 50

const decodeProject = schemaBodyJson(Project)
const decodeProjectPage = schemaBodyJson(ProjectPage)
const decodeRetirement = schemaBodyJson(Retirement)
const decodeRetirements = schemaBodyJson(Schema.Struct({ retirements: Schema.Array(Retirement) }))
const decodeProjectCredits = schemaBodyJson(ProjectCredits)
const decodeAccountCredits = schemaBodyJson(AccountCredits)

const isPage = ({ limit, page }: PageOptions) =>
  Number.isInteger(limit) && limit >= 1 && Number.isInteger(page) && page >= 0

const badPage = "limit must be a whole number from 1 on and page one from 0 on"

const isQuery = Schema.is(
  Schema.Union([Schema.Struct({ serialization: Schema.NonEmptyString }), Schema.Struct({ creditId: CreditId })])
)

const isAccount: (account: RegistryAccount) => boolean = Schema.is(
  Schema.Literals(["buffer", "adjustment", "organization"])
)

/** Makes the resources, over the app's client and what its token allows. */
export const makePublicResources = (app: App, permissions: Permissions): PublicResources => {
  const get = (operation: string, path: string, query: { readonly [name: string]: string | number } = {}) =>
    app.appClientWith({ operation }).get(path, { urlParams: query })

  /** `allowed` is what must hold before a request is sent. */
  const projectsAt = (
    root: string,
    prefix: string,
    allowed: (operation: string, path: string) => Effect.Effect<unknown, IcrError>
  ): Projects => {
    const projectPage = Effect.fnUntraced(function* (options: PageOptions) {
      const operation = `${prefix}.projectPage`
      const { limit, page } = yield* callOptions(operation, options)
      if (!isPage({ limit, page })) return yield* invalidRequest(operation, badPage)
      yield* allowed(operation, root)
      return yield* Effect.flatMap(get(operation, root, { limit, page }), decodeProjectPage)
    })
    return {
      projects: pages({
        operation: `${prefix}.projects`,
        path: root,
        field: "projects",
        limit: pageSize,
        key: ({ id }: Project) => id,
        fetch: ({ page }) =>
          Effect.map(projectPage({ limit: pageSize, page }), ({ pagination, projects }) => ({
            items: projects,
            total: pagination.total
          }))
      }),
      projectPage,
      project: Effect.fnUntraced(function* (id) {
        const operation = `${prefix}.project`
        yield* checkId(operation, "the project's id", id)
        yield* allowed(operation, `${root}/{id}`)
        return yield* Effect.flatMap(get(operation, `${root}/${id}`), decodeProject)
      })
    }
  }

  return {
    ...projectsAt("/projects", "Registry.public", () => Effect.void),
    examiner: projectsAt("/projects/internal", "Registry.public.examiner", (operation, path) =>
      permissions.app({ operation, method: "GET", path, permission: { name: "examiner", level: "any" } })
    ),
    findProject: Effect.fnUntraced(function* (by) {
      const operation = "Registry.public.findProject"
      if (!isQuery(by)) return yield* invalidRequest(operation, "needs a serialization or a creditId")
      return yield* Effect.flatMap(get(operation, "/projects/find/project", by), decodeProject)
    }),
    projectCredits: Effect.fnUntraced(function* (id) {
      const operation = "Registry.public.projectCredits"
      yield* checkId(operation, "the project's id", id)
      return yield* Effect.flatMap(get(operation, `/carbonCredits/projects/${id}`), decodeProjectCredits)
    }),
    accountCredits: Effect.fnUntraced(function* (account) {
      const operation = "Registry.public.accountCredits"
      if (!isAccount(account)) return yield* invalidRequest(operation, "the registry has no such account")
      return yield* Effect.flatMap(get(operation, `/carbonCredits/icr/inventory/${account}`), decodeAccountCredits)
    }),
    retirements: pages({
      operation: "Registry.public.retirements",
      path: "/retirements/list",
      field: "retirements",
      // The list has no total, and how many it gives at once is not documented.
      limit: undefined,
      key: ({ id }: Retirement) => Option.getOrUndefined(id),
      fetch: ({ seen }) =>
        Effect.map(
          Effect.flatMap(
            get("Registry.public.retirements", "/retirements/list", { skip: seen, first: pageSize }),
            decodeRetirements
          ),
          ({ retirements }) => ({ items: retirements, total: Option.none() })
        )
    }),
    retirement: Effect.fnUntraced(function* (id) {
      const operation = "Registry.public.retirement"
      yield* checkId(operation, "the retirement's id", id)
      return yield* Effect.flatMap(get(operation, "/retirements", { id }), decodeRetirement)
    }),
    certificate: Effect.fnUntraced(function* (id) {
      const operation = "Registry.public.certificate"
      yield* checkId(operation, "the retirement's id", id)
      return yield* certificate(
        app.appClientWith({ operation }),
        operation,
        `/retirements/${id}/pdf`,
        "/retirements/{id}/pdf"
      )
    })
  }
}
