/** Implements the control actions over a `World`. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import { changeBehaviour } from "../Behaviour.ts"
import type { Control, InstallationView, RegistryEvent } from "../Control.ts"
import { SimulatorError } from "../SimulatorError.ts"
import * as Addresses from "./addresses.ts"
import * as Arguments from "./arguments.ts"
import * as Credits from "./credits/control.ts"
import { settle } from "./credits/settle.ts"
import type { FaultPlan } from "./faultPlan.ts"
import * as Keys from "./keys.ts"
import type { RequestLog } from "./requestLog.ts"
import * as Seeded from "./seeded.ts"
import type { AppRecord, InstallationRecord, Tables } from "./Tables.ts"
import * as Tokens from "./tokens.ts"
import * as Webhooks from "./webhooks.ts"
import { addApp, addInstallation, addOrganization, printedPermissions, World } from "./World.ts"

/** An installation as the control shows it. */
export const view = (record: InstallationRecord): InstallationView => ({
  id: record.id,
  appId: record.appId,
  organizationId: record.organizationId,
  status: record.suspended ? "suspended" : "active",
  permissions: record.permissions,
  pending: record.pending
})

/** Publishes an event to `control.events` and delivers it to the app's webhook. */
export const notify = Effect.fnUntraced(function* (
  world: World["Service"],
  event: RegistryEvent["event"],
  record: InstallationRecord
) {
  yield* PubSub.publish(world.events, { event, at: yield* world.now, installation: view(record) })
  yield* world.deliveries.announce(event, record)
})

const appIn = Effect.fnUntraced(function* (tables: Tables, appId: string | undefined) {
  const [first] = tables.apps.values()
  const app = appId === undefined ? first : tables.apps.get(appId)
  return app === undefined ? yield* new SimulatorError({ message: `no app ${appId}` }) : app
})

/** Lifetime, in milliseconds, of a token that an organization or a user creates. */
const lifeOf = (life: Duration.Input = Duration.days(365)) => Arguments.life("life", life)

/** Creates the control actions. Every change of the tables is one synchronous step. */
export const make = (world: World["Service"], log: RequestLog, plan: FaultPlan): Control => {
  const tables = Ref.get(world.tables)
  const app = (appId?: string) => Effect.flatMap(tables, (all) => appIn(all, appId))

  /** Changes an installation. `how` returns the event to send, `silent`, or undefined when nothing changed. */
  const change = (
    installationId: string,
    how: (record: InstallationRecord, all: Tables) => RegistryEvent["event"] | "silent" | undefined
  ): Effect.Effect<void, SimulatorError> =>
    Effect.gen(function* () {
      const all = yield* tables
      const record = all.installations.get(installationId)
      if (record === undefined) return yield* new SimulatorError({ message: `no installation ${installationId}` })
      const now = yield* world.now
      const event = how(record, all)
      if (event === undefined) return
      record.updatedAt = now
      const owner = all.apps.get(record.appId)
      if (owner !== undefined) owner.listed = undefined
      if (event !== "silent") yield* notify(world, event, record)
    })

  const register = (owner: AppRecord) =>
    Effect.map(Keys.generate, (key) => {
      const fingerprint = Keys.fingerprint(key.publicKey)
      owner.keys.set(fingerprint, key.publicKey)
      return { fingerprint, privateKey: key.privateKey }
    })

  return {
    apps: Effect.map(tables, ({ apps }) =>
      Array.from(apps.values(), ({ appId, appNameId, installations, keys }) => ({
        appId,
        appNameId,
        installations: installations.size,
        keyFingerprints: [...keys.keys()]
      }))
    ),
    createApp: Effect.fn("Simulator.createApp")(function* (appNameId) {
      yield* Arguments.appNameId(appNameId)
      const key = yield* Keys.generate
      const all = yield* tables
      for (const { appNameId: taken } of all.apps.values()) {
        if (taken === appNameId) return yield* new SimulatorError({ message: `app name ${appNameId} is taken` })
      }
      const index = all.apps.size
      const webhookSecret = Redacted.make(`whsec_${Seeded.hex(world.seed, Seeded.kind.secret, index, 6)}`)
      const { appId } = addApp(all, {
        appId: Seeded.uuid(world.seed, Seeded.kind.app, index),
        appNameId,
        keys: new Map([[Keys.fingerprint(key.publicKey), key.publicKey]]),
        webhookSecret,
        permissions: printedPermissions
      })
      return { appId, appNameId, privateKey: key.privateKey, webhookSecret }
    }),
    installations: (options) =>
      Effect.map(app(options?.appId), ({ installations }) => {
        const views: Array<InstallationView> = []
        for (const record of installations.values()) {
          if (views.length === options?.limit) break
          views.push(view(record))
        }
        return views
      }),
    tokens: Effect.map(tables, (all) =>
      Array.from(all.tokens.values(), (record) => ({
        id: record.id,
        masked: `${record.token.slice(0, 4)}…${record.token.slice(-4)}`,
        appId: record.appId,
        installationId: record.installation?.id,
        organizationId: record.organizationId,
        expiresAt: record.expiresAt
      })).toReversed()
    ),

    createOrganizationToken: Effect.fn("Simulator.createOrganizationToken")(function* (options) {
      const { organizationId, permissions } = yield* Arguments.organizationToken(options)
      const life = yield* lifeOf(options.life)
      if (!(yield* tables).organizations.has(organizationId)) {
        return yield* new SimulatorError({ message: `no organization ${organizationId}` })
      }
      const record = yield* Tokens.forOrganization(organizationId, permissions, life).pipe(
        Effect.provideService(World, world)
      )
      return Redacted.make(record.token)
    }),
    createUserToken: Effect.fn("Simulator.createUserToken")(function* (options) {
      const record = yield* Effect.provideService(Tokens.forUser(yield* lifeOf(options?.life)), World, world)
      return Redacted.make(record.token)
    }),

    install: Effect.fn("Simulator.install")(function* (given = {}) {
      const options = yield* Arguments.install(given)
      const all = yield* tables
      const owner = yield* appIn(all, options.appId)
      const now = yield* world.now
      const details =
        options.fullName === undefined && options.organizationType === undefined
          ? undefined
          : {
              fullName: options.fullName ?? `Organization ${all.made.organizations + 1}`,
              type: options.organizationType ?? "marketParticipant",
              countryCode: null
            }
      const organization =
        options.organizationId === undefined
          ? addOrganization(all, world.seed, now, details)
          : all.organizations.get(options.organizationId)
      if (organization === undefined) {
        return yield* new SimulatorError({ message: `no organization ${options.organizationId}` })
      }
      if (owner.byOrganization.has(organization.id)) {
        return yield* new SimulatorError({ message: `the app is already installed on ${organization.id}` })
      }
      const record = addInstallation(all, world.seed, owner, organization, now, options.permissions)
      yield* notify(world, "installed", record)
      return view(record)
    }),
    uninstall: (installationId) =>
      change(installationId, (record, all) => {
        all.installations.delete(record.id)
        const owner = all.apps.get(record.appId)
        owner?.installations.delete(record.id)
        owner?.byOrganization.delete(record.organizationId)
        Tokens.remove(all, (token) => token.installation === record)
        return "uninstalled"
      }),
    suspend: (installationId) =>
      change(installationId, (record) => {
        if (record.suspended) return undefined
        record.suspended = true
        return "suspended"
      }),
    unsuspend: (installationId) =>
      change(installationId, (record) => {
        if (!record.suspended) return undefined
        record.suspended = false
        return "unsuspended"
      }),
    setPermissions: Effect.fn("Simulator.setPermissions")(function* (installationId, given) {
      const permissions = yield* Arguments.permissions(given)
      yield* change(installationId, (record) => {
        record.permissions = permissions
        record.pending = undefined
        return "silent"
      })
    }),
    requestPermissions: Effect.fn("Simulator.requestPermissions")(function* (given, appId) {
      const permissions = yield* Arguments.permissions(given)
      const owner = yield* app(appId)
      owner.permissions = permissions
      for (const record of owner.installations.values()) record.pending = permissions
    }),
    approvePermissions: (installationId) =>
      change(installationId, (record) => {
        if (record.pending === undefined) return undefined
        record.permissions = record.pending
        record.pending = undefined
        return "newPermissionsAccepted"
      }),
    rejectPermissions: (installationId) =>
      change(installationId, (record) => {
        if (record.pending === undefined) return undefined
        record.pending = undefined
        // The documents list no event for a rejection.
        return "silent"
      }),
    events: Stream.fromPubSub(world.events),
    credits: Credits.make(world),
    webhooks: Webhooks.make(world, app),
    setCallbackUrls: Effect.fn("Simulator.setCallbackUrls")(function* (urls, appId) {
      const owner = yield* app(appId)
      owner.callbackUrls = yield* Addresses.callbackUrls(urls)
    }),

    addKey: (appId) => Effect.flatMap(app(appId), register),
    addPublicKey: Effect.fn("Simulator.addPublicKey")(function* (pem, appId) {
      const key = yield* Keys.fromPublicPem(pem)
      const fingerprint = Keys.fingerprint(key)
      ;(yield* app(appId)).keys.set(fingerprint, key)
      return fingerprint
    }),
    rotateKey: Effect.fn("Simulator.rotateKey")(function* (appId) {
      const owner = yield* app(appId)
      const old = [...owner.keys.keys()]
      const fresh = yield* register(owner)
      for (const fingerprint of old) owner.keys.delete(fingerprint)
      return fresh
    }),
    revokeKey: Effect.fn("Simulator.revokeKey")(function* (fingerprint, appId) {
      const { keys } = yield* app(appId)
      if (!keys.delete(fingerprint)) return yield* new SimulatorError({ message: `no key ${fingerprint}` })
    }),
    keys: (appId) => Effect.map(app(appId), ({ keys }) => [...keys.keys()]),

    revokeToken: Effect.fn("Simulator.revokeToken")(function* (token) {
      const wanted = Redacted.isRedacted(token) ? Redacted.value(token) : token
      const all = yield* tables
      const before = all.tokens.size
      Tokens.remove(all, (record) => record.token === wanted || record.id === wanted)
      // The message must not repeat the value, which is a secret.
      if (all.tokens.size === before) return yield* new SimulatorError({ message: "no such token" })
    }),
    expireAllTokens: Effect.gen(function* () {
      const now = yield* world.now
      for (const record of (yield* tables).tokens.values()) record.expiresAt = Math.min(record.expiresAt, now)
    }),
    skewClock: Effect.fn("Simulator.skewClock")(function* (by) {
      yield* Ref.set(world.skew, yield* Arguments.skew(by))
      yield* settle(world)
    }),

    behaviour: Ref.get(world.behaviour),
    setBehaviour: Effect.fn("Simulator.setBehaviour")(function* (changes) {
      yield* Ref.set(world.behaviour, yield* changeBehaviour(yield* Ref.get(world.behaviour), changes))
    }),
    faults: {
      script: Effect.fn("Simulator.faults.script")(function* (route, steps) {
        plan.script(yield* Arguments.target(route), yield* Arguments.steps(steps))
      }),
      probability: Effect.fn("Simulator.faults.probability")(function* (route, probability, fault) {
        const given = yield* Arguments.faults(fault)
        plan.rule({
          route: yield* Arguments.target(route),
          probability: yield* Arguments.probability(probability),
          faults: "_tag" in given ? [given] : given
        })
      }),
      clear: Effect.sync(plan.clear),
      pending: Effect.sync(plan.pending),
      planned: Effect.sync(plan.planned)
    },

    requestLog: Effect.sync(log.entries),
    requestCount: (route) => Effect.sync(() => log.count(route)),
    reset: Effect.gen(function* () {
      yield* world.reset
      plan.clear()
      log.clear()
    })
  }
}
