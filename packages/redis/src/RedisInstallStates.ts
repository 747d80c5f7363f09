/**
 * Which install states were used already, on any machine of a fleet: `InstallStates` on Redis or Valkey.
 *
 * While Redis is away nobody can tell, so callbacks are refused (`stateUnchecked`) rather than believed twice.
 */
import type { IcrError } from "@effect-icr/app/IcrError"
import { InstallStates } from "@effect-icr/app/InstallStates"
import * as Layer from "effect/Layer"
import type { Redis } from "effect/persistence/Redis"
import * as RedisClaims from "./internal/claims.ts"

/** How claims are named, and how long anything may take. */
export type Options = RedisClaims.Options

/** Fails with the reason `Configuration` for a time that is not positive. */
export const layer = (options: Options = {}): Layer.Layer<InstallStates, IcrError, Redis> =>
  Layer.effect(InstallStates, RedisClaims.make(options, "install callbacks are refused"))
