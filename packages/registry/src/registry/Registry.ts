/**
 * The registry's resources, typed and exact, over an `IcrApp`: what any token may read, and what each organization has.
 *
 * **Gotchas**: credits are moved by writes, and a write whose answer got lost may have been done. The error types tell
 * the two apart: an `IcrError` was certainly not done, an `Uncertain` may have been. See
 * `@effect-icr/registry/Uncertain`.
 *
 * @module
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import type { IcrError } from "@effect-icr/app/IcrError"
import { configurationError, layerOptions, millis } from "@effect-icr/app/extension"
import { makeOrganizationCalls } from "../calls/internal/organizationCalls.ts"
import { makeNotifications } from "../inventory/internal/notifications.ts"
import { makeOrganizationResources } from "../organization/internal/makeOrganizationResources.ts"
import type { OrganizationResources } from "../organization/OrganizationResources.ts"
import { makePermissions } from "../permissions/internal/permissions.ts"
import { makePublicResources } from "../public/internal/makePublicResources.ts"
import type { PublicResources } from "../public/PublicResources.ts"
import { makeClaims } from "../warehouse/internal/claims.ts"
import { makeHeld } from "../warehouse/internal/held.ts"
import { type OrganizationDouble, organizationDouble, type PublicDouble, publicDouble } from "./internal/doubles.ts"
import { ReservationClaims } from "../warehouse/ReservationClaims.ts"

/**
 * An event that a program hears of, such as one of `@effect-icr/webhooks`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Notification {
  readonly event: string
  readonly installation: { readonly id: InstallationId }
}

/**
 * The registry's resources.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** What any token may read. */
  readonly public: PublicResources
  /** The resources of the organization behind an installation. Costs nothing; may be kept. */
  readonly organization: (id: InstallationId) => OrganizationResources
  /** Wakes whoever waits for a request of the event's installation to be settled. */
  readonly notify: (event: Notification) => Effect.Effect<void>
}

/**
 * All have defaults.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * How long after a lost answer the registry may still do the write, and so how long this library looks for it. An
   * assumption: the registry does not document it. Default 15 s.
   */
  readonly quietPeriod?: Duration.Input | undefined
  /**
   * Says that no other process reserves for this app, so that a reservation found by a look is this process's. Ignored
   * where `ReservationClaims` is provided. Where it is wrong, a reservation is sold twice. Default false.
   */
  readonly soleProcess?: boolean | undefined
  /**
   * Release a reservation whose finish got lost, when the quiet period is over, so that it is certain at once that it
   * was not done. Right only where the registry refuses to finish what was released and keeps what is complete; where
   * it forgot complete reservations, this would make a second retirement. Default false.
   */
  readonly fence?: boolean | undefined
}

interface Settings {
  readonly quietPeriod: Duration.Duration
  readonly soleProcess: boolean
  readonly fence: boolean
}

/** Whether a value that a program hands on is an event. Anything else wakes nobody. */
const isNotification = Schema.is(Schema.Struct({ installation: Schema.Struct({ id: Schema.String }) }))

const defaults: Settings = { quietPeriod: Duration.seconds(15), soleProcess: false, fence: false }

const settingsOf = Effect.fnUntraced(function* (options: Options) {
  const { fence = defaults.fence, quietPeriod, soleProcess = defaults.soleProcess } = yield* layerOptions(options)
  const wait = yield* millis("quietPeriod", quietPeriod, defaults.quietPeriod)
  // An endless quiet period would never come to an outcome.
  if (!Number.isFinite(wait)) return yield* configurationError("quietPeriod", "must end")
  for (const [name, value] of Object.entries({ fence, soleProcess })) {
    // The text `"false"` would count as true.
    if (!Predicate.isBoolean(value)) return yield* configurationError(name, "must be true or false")
  }
  return { fence, soleProcess, quietPeriod: Duration.millis(wait) }
})

const make = Effect.fnUntraced(function* ({ fence, quietPeriod, soleProcess }: Settings) {
  const app = yield* IcrApp
  const permissions = yield* makePermissions(app)
  const notifications = yield* makeNotifications
  const publicResources = makePublicResources(app, permissions)
  const context = {
    app,
    calls: (id: InstallationId) => makeOrganizationCalls(app, permissions, id),
    claims: yield* makeClaims(app, yield* Effect.serviceOption(ReservationClaims), soleProcess),
    held: yield* makeHeld,
    notifications,
    retirements: publicResources.retirements,
    quietPeriod,
    fence
  }
  return Registry.of({
    public: publicResources,
    organization: (id) => makeOrganizationResources(context, id),
    notify: (event) => (isNotification(event) ? notifications.notify(event.installation.id) : Effect.void)
  })
})

/**
 * What a test gives of the registry.
 *
 * @category options
 * @since 0.1.0
 */
export interface TestDouble {
  /** What any token may read. */
  readonly public?: PublicDouble | undefined
  /** The resources of the organization behind an installation. */
  readonly organization?: ((id: InstallationId) => OrganizationDouble) | undefined
  /** Hears of events. Does nothing by default. */
  readonly notify?: Service["notify"] | undefined
}

/**
 * The registry's resources.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import { Registry } from "@effect-icr/registry/Registry"
 * import { Effect, Layer, Stream } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const registry = yield* Registry
 *   return yield* registry.public.projects.pipe(Stream.take(10), Stream.runCollect)
 * })
 *
 * const RegistryLive = Registry.layer.pipe(Layer.provide(IcrApp.layer), Layer.provide(FetchHttpClient.layer))
 * export const projects = Effect.provide(program, RegistryLive)
 * ```
 *
 * ```ts
 * import { InstallationId } from "@effect-icr/app/domain/Ids"
 * import { Registry } from "@effect-icr/registry/Registry"
 * import { Effect } from "effect"
 * import * as assert from "node:assert"
 *
 * const isSoldOut = Effect.fn("isSoldOut")(function* (id: InstallationId) {
 *   const { warehouse } = (yield* Registry).organization(id)
 *   return (yield* warehouse.credits).length === 0
 * })
 *
 * // In a test: what it uses, and nothing else
 * const empty = Registry.layerTest({ organization: () => ({ warehouse: { credits: Effect.succeed([]) } }) })
 * assert.ok(await Effect.runPromise(Effect.provide(isSoldOut(InstallationId.make("1")), empty)))
 *
 * // For the only process of an app
 * export const RegistryLive = Registry.layerWith({ soleProcess: true })
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class Registry extends Context.Service<Registry, Service>()("@effect-icr/registry/Registry") {
  /**
   * With options. Fails with `Configuration` for one that is no finite duration, or neither true nor false. Takes
   * `ReservationClaims` where it is provided.
   */
  static readonly layerWith = (options: Options): Layer.Layer<Registry, IcrError, IcrApp> =>
    Layer.effect(Registry, Effect.flatMap(settingsOf(options), make))

  /** With the defaults. Takes `ReservationClaims` where it is provided. */
  static readonly layer: Layer.Layer<Registry, never, IcrApp> = Layer.effect(
    Registry,
    Effect.suspend(() => make(defaults))
  )

  /** A double for tests: give what the test uses; anything else dies with the name of what is missing. */
  static readonly layerTest = (double: TestDouble): Layer.Layer<Registry> =>
    Layer.succeed(Registry, {
      public: publicDouble(double.public ?? {}),
      organization: (id) => organizationDouble(double.organization?.(id) ?? {}),
      notify: double.notify ?? (() => Effect.void)
    })
}
