/**
 * The two tokens the registry hands out (`Generate an app access token`, `Generate an installation access token`,
 * Apps v0.5). The token text is `Redacted`: it prints, logs and serialises as `<redacted>`.
 *
 * @module
 */
import * as Schema from "effect/Schema"
import { AppId, InstallationId, OrganizationId } from "./Ids.ts"
import { credentialText } from "./internal/credentialText.ts"
import { Permissions } from "./Permissions.ts"
import { Timestamp } from "./Timestamp.ts"

const fields = {
  id: Schema.String,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  /** Opaque; `crs_` and 48 hex digits in the examples. */
  token: Schema.RedactedFromValue(
    Schema.NonEmptyString.check(Schema.isPattern(credentialText, { expected: "a text that a header can carry" })),
    { label: "access-token" }
  ),
  /** The truth about the token's life. The prose says 2 hours for installation tokens, the examples a month. */
  expiresAt: Timestamp,
  isActive: Schema.Boolean,
  permissions: Permissions,
  appId: AppId
}

/**
 * For public and semi-public reads such as `/projects`.
 *
 * @category schemas
 * @since 0.1.0
 */
export class AppAccessToken extends Schema.Class<AppAccessToken>("@effect-icr/app/AppAccessToken")(fields) {}

/**
 * For the resources of the one organization behind an installation, with every permission granted there.
 *
 * @category schemas
 * @since 0.1.0
 */
export class InstallationAccessToken extends Schema.Class<InstallationAccessToken>(
  "@effect-icr/app/InstallationAccessToken"
)({
  ...fields,
  installationId: InstallationId,
  organizationId: OrganizationId
}) {}
