import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Service as App } from "@effect-icr/app/IcrApp"
import { IcrError } from "@effect-icr/app/IcrError"
import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import { InvalidRequest } from "@effect-icr/app/IcrReason"
import { pages } from "@effect-icr/app/extension"
import { certificate } from "../../calls/internal/certificate.ts"
import { AccountCredits, ProjectCredits } from "../../domain/Credits.ts"
import { Project, ProjectPage } from "../../domain/Project.ts"
import { Retirement } from "../../domain/Retirement.ts"
import type { Permissions } from "../../permissions/internal/permissions.ts"
import type { PageOptions, Projects, PublicResources } from "../PublicResources.ts"

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

const badPage = (operation: string) =>
  new IcrError({
    reason: new InvalidRequest({
      operation,
      detail: "limit must be a whole number from 1 on and page one from 0 on"
    })
  })

/** Over the app's client and what its token allows. */
export const makePublicResources = (app: App, permissions: Permissions): PublicResources => {
  const get = (operation: string, path: string, query: { readonly [name: string]: string | number } = {}) =>
    app.appClientWith({ operation }).get(path, { urlParams: query })

  /** `allowed` is what must hold before a request is sent. */
  const projectsAt = (
    root: string,
    prefix: string,
    allowed: (operation: string, path: string) => Effect.Effect<unknown, IcrError>
  ): Projects => {
    const projectPage = (options: PageOptions) => {
      const operation = `${prefix}.projectPage`
      return isPage(options)
        ? allowed(operation, root).pipe(
            Effect.andThen(get(operation, root, { limit: options.limit, page: options.page })),
            Effect.flatMap(decodeProjectPage)
          )
        : Effect.fail(badPage(operation))
    }
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
      project: (id) =>
        allowed(`${prefix}.project`, `${root}/{id}`).pipe(
          Effect.andThen(get(`${prefix}.project`, `${root}/${id}`)),
          Effect.flatMap(decodeProject)
        )
    }
  }

  return {
    ...projectsAt("/projects", "Registry.public", () => Effect.void),
    examiner: projectsAt("/projects/internal", "Registry.public.examiner", (operation, path) =>
      permissions.app({ operation, method: "GET", path, permission: { name: "examiner", level: "any" } })
    ),
    findProject: (by) =>
      Effect.flatMap(get("Registry.public.findProject", "/projects/find/project", by), decodeProject),
    projectCredits: (id) =>
      Effect.flatMap(get("Registry.public.projectCredits", `/carbonCredits/projects/${id}`), decodeProjectCredits),
    accountCredits: (account) =>
      Effect.flatMap(
        get("Registry.public.accountCredits", `/carbonCredits/icr/inventory/${account}`),
        decodeAccountCredits
      ),
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
    retirement: (id) => Effect.flatMap(get("Registry.public.retirement", "/retirements", { id }), decodeRetirement),
    certificate: (id) =>
      certificate(
        app.appClientWith({ operation: "Registry.public.certificate" }),
        "Registry.public.certificate",
        `/retirements/${id}/pdf`
      )
  }
}
