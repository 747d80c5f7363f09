/**
 * Installations: the grant of one app on one organization, with the permissions that the organization agreed to.
 *
 * @module
 */
import * as Schema from "effect/Schema"
import { lenientText } from "./lenient.ts"
import { AppId, InstallationId } from "./Ids.ts"
import { Organization } from "./Organization.ts"
import { Pagination } from "./Pagination.ts"
import { Permissions } from "./Permissions.ts"
import { Timestamp } from "./Timestamp.ts"

/**
 * The grant of one app on one organization (`Get an installation`, Apps v0.5).
 *
 * @category schemas
 * @since 0.1.0
 */
export class Installation extends Schema.Class<Installation>("@effect-icr/app/Installation")({
  id: InstallationId,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  organization: Organization,
  permissions: Permissions,
  appNameId: lenientText,
  appId: AppId,
  /** Where the registry says its tokens are exchanged. Informative only: credentials never follow it. */
  accessTokensUrl: lenientText
}) {}

/**
 * One page of `GET /app/installations`.
 *
 * @category schemas
 * @since 0.1.0
 */
export class InstallationPage extends Schema.Class<InstallationPage>("@effect-icr/app/InstallationPage")({
  pagination: Pagination,
  installations: Schema.Array(Installation)
}) {}
