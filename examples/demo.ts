/**
 * `pnpm demo`: an ICR App signs in, lists its installations, gets their tokens and calls the registry with them.
 *
 * Without `ICR_…` variables it starts the simulator on a free port, with a new key and 120 installations, and also shows an
 * expired token, a revoked token, a suspended installation and a retirement of half a tonne. With `ICR_APP_ID` and `ICR_PRIVATE_KEY` (or
 * `ICR_PRIVATE_KEY_FILE`) it runs against the registry and only reads.
 */
import { IcrApp } from "@effect-icr/app/IcrApp"
import type { InstallationId } from "@effect-icr/app/domain/Ids"
import type { Installation } from "@effect-icr/app/domain/Installation"
import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import { Registry } from "@effect-icr/registry/Registry"
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { printTable } from "./support/printTable.ts"
import { makeProgress } from "./support/progress.ts"
import { fromEnvironment, isConfigured, simulated } from "./support/registry.ts"
import { RequestCounts } from "./support/requestCounts.ts"

const Projects = schemaBodyJson(
  Schema.Struct({
    pagination: Schema.Struct({ total: Schema.Finite }),
    projects: Schema.Array(
      Schema.Struct({ num: Schema.Union([Schema.String, Schema.Finite]), fullName: Schema.String })
    )
  })
)
const Name = schemaBodyJson(Schema.Struct({ fullName: Schema.String }))

const step = (title: string) => Console.log(`\n▸ ${title}`)
const say = (text: string) => Console.log(`  ${text}`)

const signIn = Effect.gen(function* () {
  yield* step("Sign in as the app")
  const token = yield* (yield* IcrApp).appToken
  yield* say(`app token ${String(token.token)}, good until ${DateTime.formatIso(token.expiresAt)}`)
})

const listInstallations = Effect.gen(function* () {
  yield* step("List the installations")
  const { installations } = yield* IcrApp
  const progress = yield* makeProgress("installations")
  const all = yield* installations.pipe(
    Stream.tap(() => progress.advance),
    Stream.runCollect
  )
  yield* progress.done
  const [first] = all
  if (first !== undefined) yield* say(`the first one is on ${first.organization.displayName}`)
  return all
})

const getTokens = Effect.fnUntraced(function* (installations: ReadonlyArray<Installation>) {
  yield* step(`Get a token for each of ${installations.length} installations, three callers each, all at once`)
  const { installationToken } = yield* IcrApp
  const [took, tokens] = yield* Effect.forEach(
    installations.flatMap(({ id }) => [id, id, id]),
    (id) => installationToken(id),
    { concurrency: "unbounded" }
  ).pipe(Effect.timed)
  const distinct = new Set(tokens.map(({ token }) => Redacted.value(token)))
  yield* say(`${tokens.length} callers got ${distinct.size} tokens in ${Math.round(Duration.toMillis(took))} ms`)
})

const callEndpoints = Effect.fnUntraced(function* (installations: ReadonlyArray<Installation>) {
  yield* step("Call the registry with them")
  const { appClient, installationClient } = yield* IcrApp
  const { pagination, projects } = yield* Effect.flatMap(appClient.get("/projects?limit=3&page=0"), Projects)
  yield* say(`as the app: ${pagination.total} public projects, such as ${projects[0]?.fullName ?? "none"}`)
  const names = yield* Effect.forEach(
    installations,
    ({ id, organization }) => Effect.flatMap(installationClient(id).get(`/organizations/${organization.id}`), Name),
    { concurrency: 16 }
  )
  yield* say(`as the installations: read ${names.length} organizations, each with its own token`)
})

/** Only against the simulator: a real token takes two hours to end. */
const outliveToken = Effect.fnUntraced(function* (id: InstallationId) {
  yield* step("Let a short-lived token run out")
  const { installationToken, installationTokenWith } = yield* IcrApp
  const { control } = yield* Simulator
  yield* control.setBehaviour({ installationTokenLife: Duration.seconds(2) })
  const short = yield* installationTokenWith(id, { forceRefresh: true })
  yield* control.setBehaviour({ installationTokenLife: Duration.hours(2) })
  const life = DateTime.toEpochMillis(short.expiresAt) - (yield* Clock.currentTimeMillis)
  yield* say(`got a token that lives ${(life / 1000).toFixed(1)} s, and wait`)
  yield* Effect.sleep(Duration.millis(life + 100))
  const next = yield* installationToken(id)
  const replaced = Redacted.value(next.token) !== Redacted.value(short.token)
  yield* say(
    `asked again: ${replaced ? "a new token" : "the dead token"}, good until ${DateTime.formatIso(next.expiresAt)}`
  )
})

const revokeOne = Effect.fnUntraced(function* ({ id, organization }: Installation) {
  yield* step("Revoke a token")
  const { installationClient, installationToken, revokeInstallationToken } = yield* IcrApp
  const revoked = yield* installationToken(id)
  yield* revokeInstallationToken(id)
  yield* installationClient(id).get(`/organizations/${organization.id}`)
  const present = yield* installationToken(id)
  const isNew = Redacted.value(present.token) !== Redacted.value(revoked.token)
  yield* say(`revoked; the next call went through with ${isNew ? "a new one" : "the revoked one"}`)
})

const meetSuspended = Effect.fnUntraced(function* ({ id, organization }: Installation) {
  yield* step("Meet a suspended installation")
  const { installationClient } = yield* IcrApp
  const { control } = yield* Simulator
  yield* control.suspend(id)
  yield* installationClient(id)
    .get(`/organizations/${organization.id}`)
    .pipe(
      Effect.andThen(say("it answered, which it should not have")),
      Effect.catchReason("IcrError", "InstallationSuspended", (reason) => say(`${reason._tag}: ${reason.message}`))
    )
  yield* control.unsuspend(id)
  yield* installationClient(id).get(`/organizations/${organization.id}`)
  yield* say("resumed by its organization, it answers again")
})

/** Credits are gone for good once they are retired: only against the simulator. */
const retire = Effect.fnUntraced(function* (seller: Installation, buyer: Installation) {
  yield* step("Retire half a tonne")
  const registry = yield* Registry
  const { warehouse } = registry.organization(seller.id)
  const [credit] = yield* warehouse.credits
  if (credit === undefined) return yield* Effect.fail(new Error("the seller's warehouse is empty"))
  const finished = yield* warehouse.withReservation({ creditId: credit.id, amount: "0.5" }, (reservation) =>
    warehouse.finish("transfer_retire", reservation, {
      receiverId: buyer.organization.id,
      retirementData: {
        reason: "Voluntary purposes",
        beneficiaryName: buyer.organization.displayName,
        comment: "Order 1"
      }
    })
  )
  yield* say(`${finished.reservation.amount} of ${seller.organization.displayName} retired for its buyer`)
  const retirement = yield* warehouse.findRetirement(finished)
  const id = Option.flatMap(retirement, ({ id }) => id)
  if (Option.isNone(id)) return yield* Effect.fail(new Error("the retirement cannot be found"))
  const { content, fileName } = yield* registry.public.certificate(id.value)
  const size = yield* Stream.runFold(
    content,
    () => 0,
    (bytes, chunk) => bytes + chunk.length
  )
  yield* say(`its certificate is ${Option.getOrElse(fileName, () => "a file without a name")}, ${size} bytes`)
})

const counterOf = (metrics: ReadonlyArray<Metric.Metric.Snapshot>, id: string) =>
  metrics.reduce(
    (sum, metric) => (metric.id === id && metric.type === "Counter" ? sum + Number(metric.state.count) : sum),
    0
  )

const report = Effect.gen(function* () {
  const counts = yield* Ref.get(yield* RequestCounts)
  const metrics = yield* Metric.snapshot
  const saved = counterOf(metrics, "icr_token_served") + counterOf(metrics, "icr_token_joined")
  const sent = [...counts.values()].reduce((sum, count) => sum + count, 0)
  yield* Console.log("")
  yield* printTable(
    ["what was called", "requests"],
    [...counts].toSorted(([self], [that]) => self.localeCompare(that)).map(([name, count]) => [name, String(count)])
  )
  yield* Console.log(`\n${sent} requests went out; the token cache saved ${saved} more.`)
})

const reading = Effect.gen(function* () {
  yield* signIn
  const installations = yield* listInstallations
  // Against a real registry a handful is enough to see it work.
  const some = installations.slice(0, (yield* isConfigured) ? 5 : installations.length)
  yield* getTokens(some)
  yield* callEndpoints(some)
  return some
})

const everything = Effect.gen(function* () {
  const [first, second, third] = yield* reading
  if (first === undefined || second === undefined || third === undefined) {
    return yield* Effect.fail(new Error("there are fewer than three installations to show everything with"))
  }
  yield* outliveToken(first.id)
  yield* revokeOne(second)
  yield* meetSuspended(third)
  yield* retire(first, second)
  yield* report
})

const demo = Effect.gen(function* () {
  if (yield* isConfigured) {
    yield* Console.log("effect-icr demo, against the registry in the environment, reading only")
    return yield* Effect.andThen(reading, report).pipe(Effect.provide(fromEnvironment))
  }
  yield* Console.log("effect-icr demo, against the simulator")
  return yield* everything.pipe(
    Effect.provide(Registry.layer.pipe(Layer.provideMerge(simulated({ installations: 120 }))))
  )
})

/** One line, whatever went wrong. */
const reasonOf = (cause: Cause.Cause<unknown>) => {
  const reason = Cause.squash(cause)
  return (reason instanceof Error ? reason.message : String(reason)).split("\n", 1)[0]
}

demo.pipe(
  Effect.tapCause((cause) =>
    Cause.hasInterruptsOnly(cause) ? Effect.void : Console.error(`\ndemo failed: ${reasonOf(cause)}`)
  ),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
