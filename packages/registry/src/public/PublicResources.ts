/**
 * What any token may read: projects, retirements and credits. Uses the app's own token.
 *
 * @module
 */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { IcrError } from "@effect-icr/app/IcrError"
import type { Certificate } from "../calls/internal/certificate.ts"
import type { AccountCredits, ProjectCredits } from "../domain/Credits.ts"
import type { CreditId, ProjectId, RetirementId } from "../domain/Ids.ts"
import type { Project, ProjectPage } from "../domain/Project.ts"
import type { Retirement } from "../domain/Retirement.ts"

/**
 * Which page of a list.
 *
 * @category options
 * @since 0.1.0
 */
export interface PageOptions {
  /** Items on a page, from 1 on; the registry is known to give 50 at the most. */
  readonly limit: number
  /** Counts from 0. */
  readonly page: number
}

/**
 * Projects.
 *
 * @category models
 * @since 0.1.0
 */
export interface Projects {
  /** All of them, 50 to a request. Pages are fetched when they are needed. */
  readonly projects: Stream.Stream<Project, IcrError>
  /** One page of them. */
  readonly projectPage: (options: PageOptions) => Effect.Effect<ProjectPage, IcrError>
  /** One of them. */
  readonly project: (id: ProjectId) => Effect.Effect<Project, IcrError>
}

/**
 * An account of the registry itself.
 *
 * @category models
 * @since 0.1.0
 */
export type RegistryAccount = "buffer" | "adjustment" | "organization"

/**
 * What any token may read. `projects` are the public ones of verified organizations.
 *
 * @category models
 * @since 0.1.0
 */
export interface PublicResources extends Projects {
  /** The project that issued a credit. */
  readonly findProject: (
    by: { readonly serialization: string } | { readonly creditId: CreditId }
  ) => Effect.Effect<Project, IcrError>
  /** What the project has issued, by vintage. */
  readonly projectCredits: (id: ProjectId) => Effect.Effect<ProjectCredits, IcrError>
  /** What an account of the registry itself holds. */
  readonly accountCredits: (account: RegistryAccount) => Effect.Effect<AccountCredits, IcrError>
  /** Every retirement, 50 to a request. Some made while it runs may be seen twice. */
  readonly retirements: Stream.Stream<Retirement, IcrError>
  /** One retirement. */
  readonly retirement: (id: RetirementId) => Effect.Effect<Retirement, IcrError>
  /** The certificate of a retirement. There is none for one that its owner has not claimed. */
  readonly certificate: (id: RetirementId) => Effect.Effect<Certificate, IcrError>
  /**
   * Projects that are not public yet, for an app with the permission `examiner`. They may hold what nobody has
   * reviewed.
   */
  readonly examiner: Projects
}
