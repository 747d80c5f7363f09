/** The calls about installations that the app JWT authorizes. */
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as Schema from "effect/Schema"
import type * as Result from "effect/Result"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { callOptions, invalidRequest } from "../../config/internal/validate.ts"
import { InstallationId, type OrganizationId } from "../../domain/Ids.ts"
import { Installation, InstallationPage } from "../../domain/Installation.ts"
import type { IcrError } from "../../errors/IcrError.ts"
import type { Credential } from "../../http/Credential.ts"
import type * as IcrHttp from "../../http/IcrHttp.ts"
import { schemaBodyJson } from "../../http/IcrHttp.ts"
import type { OrganizationType } from "../../domain/Organization.ts"
import type { Client } from "./clients.ts"
import { pages } from "./pages.ts"

/**
 * The outcome of one installation of `forEachInstallation`.
 *
 * @category models
 * @since 0.1.0
 */
export interface InstallationOutcome<A, E> {
  readonly installation: Installation
  readonly result: Result.Result<A, E | IcrError>
}

/**
 * Which page of a list.
 *
 * @category options
 * @since 0.1.0
 */
export interface PageOptions {
  /** Installations on a page, from 1 on; the registry is known to give 50 at the most. */
  readonly limit: number
  /** Counts from 0. */
  readonly page: number
}

const path = "/app/installations"

/** The largest page the registry is known to give; a larger `limit` would be cut down. */
const pageSize = 50

/**
 * A new organization and the user who owns it, for a buyer without an account on the registry.
 *
 * @category options
 * @since 0.1.0
 */
export interface NewOrganization {
  readonly user: {
    readonly email: string
    readonly fullName?: string | undefined
    readonly profilePicture?: string | undefined
  }
  readonly organization: {
    readonly fullName: string
    readonly type: OrganizationType
    /** ISO 3166-1 alpha-2, such as `US`. */
    readonly countryCode?: string | undefined
  }
}

/** Installations, with the app JWT as credential. */
export interface Installations {
  /**
   * Every active installation (`Get all installations for an app`), 50 to a request. Pages are fetched when they are
   * needed. Installations made while it runs may be missed or seen twice: the registry offers no snapshot.
   */
  readonly installations: Stream.Stream<Installation, IcrError>

  /** One page; `page` counts from 0, `limit` from 1. */
  readonly installationPage: (options: PageOptions) => Effect.Effect<InstallationPage, IcrError>

  /** One installation. Fails with `InstallationNotFound` when there is none. */
  readonly installation: (id: InstallationId) => Effect.Effect<Installation, IcrError>

  /** The installation on one organization. Fails with `InstallationNotFound` when there is none. */
  readonly organizationInstallation: (organizationId: OrganizationId) => Effect.Effect<Installation, IcrError>

  /**
   * Makes a user and an organization, with this app installed on it (`POST /app/create/user/organization`), and gives the
   * installation. Sent once: where `mayHaveHappened` is true, look at `installations` before repeating it.
   */
  readonly createOrganization: (options: NewOrganization) => Effect.Effect<InstallationId, IcrError>

  /**
   * Runs an effect for every active installation, with its client, and goes on past those that fail: one suspended
   * organization must not stop the nightly job for the others. Works on `concurrency` of them at once, default 8.
   */
  readonly forEachInstallation: <A, E, R>(
    f: (installation: Installation, client: Client) => Effect.Effect<A, E, R>,
    options?: { readonly concurrency?: number | undefined }
  ) => Stream.Stream<InstallationOutcome<A, E>, IcrError, R>
}

/** The rest of the answer is not documented. */
const Created = Schema.Struct({ installation: Schema.Struct({ id: InstallationId }) })
const decodeCreated = schemaBodyJson(Created)

/** Makes the calls, sent through `http` with the app JWT. */
export const makeInstallations = (
  http: IcrHttp.Service,
  jwt: Credential,
  installationClient: (id: InstallationId) => Client
): Installations => {
  const read = <A>(request: Omit<IcrHttp.Request<A>, "method" | "credential" | "idempotent">) =>
    http.call({ ...request, method: "GET", credential: jwt, idempotent: true })

  const installationPage = Effect.fnUntraced(function* (options: PageOptions) {
    const operation = "IcrApp.installationPage"
    const { limit, page } = yield* callOptions(operation, options)
    if (!(Number.isInteger(limit) && limit >= 1 && Number.isInteger(page) && page >= 0)) {
      return yield* invalidRequest(operation, "limit must be a whole number from 1 on and page one from 0 on")
    }
    return yield* read({ operation, path, query: { limit, page }, page, success: InstallationPage })
  })

  const createOrganization = Effect.fnUntraced(function* (options: NewOrganization) {
    const operation = "IcrApp.createOrganization"
    const { organization, user } = yield* callOptions(operation, options)
    yield* callOptions(operation, user, "user")
    yield* callOptions(operation, organization, "organization")
    const json = yield* Effect.try({
      try: () => JSON.stringify({ user, organization }),
      catch: () => invalidRequest(operation, "the options cannot be written as JSON")
    })
    const answer = yield* http.client({ operation, credential: jwt }).post("/app/create/user/organization", {
      // Send the text as it is, so that a program without writes of its own bundles no encoder of bodies.
      body: HttpBody.raw(json, { contentType: "application/json" })
    })
    return (yield* decodeCreated(answer)).installation.id
  })

  const installations = pages<Installation>({
    operation: "IcrApp.installations",
    path,
    field: "installations",
    limit: pageSize,
    key: ({ id }) => id,
    fetch: ({ page }) =>
      Effect.map(installationPage({ limit: pageSize, page }), ({ installations, pagination }) => ({
        items: installations,
        total: pagination.total
      }))
  })

  const forEachInstallation: Installations["forEachInstallation"] = (f, options = {}) => {
    const concurrency: unknown = options?.concurrency ?? 8
    const isAmount = Predicate.isNumber(concurrency) && concurrency >= 1
    if (!Predicate.isFunction(f) || !Predicate.isObject(options) || !isAmount) {
      const detail = "it takes a function, and options with a concurrency from 1 on"
      return Stream.fail(invalidRequest("IcrApp.forEachInstallation", detail))
    }
    const outcome = (installation: Installation) =>
      Effect.map(Effect.result(f(installation, installationClient(installation.id))), (result) => ({
        installation,
        result
      }))
    return Stream.mapEffect(installations, outcome, { concurrency })
  }

  return {
    installations,
    installationPage,
    installation: (id) =>
      read({
        operation: "IcrApp.installation",
        path: `${path}/{installationId}`,
        params: { installationId: id },
        success: Installation,
        installation: id,
        notFound: id
      }),
    organizationInstallation: (organizationId) =>
      read({
        operation: "IcrApp.organizationInstallation",
        path: "/app/organizations/{organizationId}/installation",
        params: { organizationId },
        success: Installation,
        notFound: organizationId
      }),
    createOrganization,
    forEachInstallation
  }
}
