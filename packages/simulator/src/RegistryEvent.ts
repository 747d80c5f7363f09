import type { InstallationView } from "./Control.ts"

/** Something that the registry tells an app about (Webhook actions and payloads). */
export interface RegistryEvent {
  readonly event: "installed" | "uninstalled" | "suspended" | "unsuspended" | "newPermissionsAccepted"
  /** Milliseconds since 1970 on the registry's clock. */
  readonly at: number
  /** The installation after the change; of an uninstalled one, its last state. */
  readonly installation: InstallationView
}
