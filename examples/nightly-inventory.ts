/**
 * Sums the inventories of all installations, digit for digit, and reports those that cannot be read: suspended ones, and ones
 * whose organization did not grant the permission. Only reads.
 *
 * The registry lists active installations only, so a program keeps the ids of the night before: one that is missing from the
 * list is asked for by its id, and its error says whether it is suspended.
 *
 * Runs against the registry of the `ICR_…` variables, else against a simulator in which one is suspended during the day.
 */
import type { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { Registry } from "@effect-icr/registry/Registry"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { printTable } from "./support/printTable.ts"
import { fromEnvironment, isConfigured, simulated } from "./support/registry.ts"

/** What one organization holds. */
const inventoryOf = Effect.fn("inventoryOf")(function* (id: InstallationId) {
  const credits = yield* (yield* Registry).organization(id).inventory.credits
  return Tonnes.sumAll(credits.map(({ amount }) => amount))
})

/** One night. Gives the ids to keep for the next one. */
const nightly = Effect.fn("nightly")(function* (known: ReadonlyArray<InstallationId>) {
  const { forEachInstallation } = yield* IcrApp
  const listed = yield* forEachInstallation(({ id }) => inventoryOf(id)).pipe(
    Stream.map(({ installation: { id, organization }, result }) => ({ id, name: organization.displayName, result })),
    Stream.runCollect
  )
  const ids = new Set(listed.map(({ id }) => id))
  const missing = yield* Effect.forEach(
    known.filter((id) => !ids.has(id)),
    (id) => Effect.map(Effect.result(inventoryOf(id)), (result) => ({ id, name: id, result }))
  )
  const all = [...listed, ...missing]
  yield* printTable(
    ["installation", "inventory"],
    all.map(({ name, result }) => [
      name,
      Result.match(result, { onFailure: ({ reason }) => reason._tag, onSuccess: String })
    ])
  )
  const amounts = all.flatMap(({ result }) => (Result.isSuccess(result) ? [result.success] : []))
  const failures = all.flatMap(({ result }) => (Result.isFailure(result) ? [result.failure.reason._tag] : []))
  const suspended = failures.filter((tag) => tag === "InstallationSuspended").length
  yield* Console.log(
    `${all.length} installations: ${Tonnes.sumAll(amounts)} in ${amounts.length} inventories, ` +
      `${suspended} suspended, ${failures.length - suspended} not read for other reasons\n`
  )
  return all.map(({ id }) => id)
})

const twoNights = Effect.gen(function* () {
  const { control, installationIds } = yield* Simulator
  const known = yield* nightly([])
  const [, second = ""] = yield* installationIds
  yield* control.suspend(second)
  yield* nightly(known)
})

const program = Effect.gen(function* () {
  if (yield* isConfigured) {
    return yield* Effect.asVoid(nightly([])).pipe(
      Effect.provide(Registry.layer.pipe(Layer.provideMerge(fromEnvironment)))
    )
  }
  return yield* twoNights.pipe(Effect.provide(Registry.layer.pipe(Layer.provideMerge(simulated({ installations: 6 })))))
})

program.pipe(NodeRuntime.runMain)
