/** What the tests of an installation share: a flow over the simulator, a link and its callback. */
import type { IcrError } from "@effect-icr/app/IcrError"
import type { InstallError } from "@effect-icr/webhooks/InstallError"
import { InstallFlow, type Options } from "@effect-icr/webhooks/InstallFlow"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { Effect, Layer, Redacted } from "effect"
import { withSimulator } from "../../support/app.ts"

/** The secret of the flow's states. */
export const stateSecret = Redacted.make("state-secret-for-tests-0123456789abcdef")

/** A flow over the simulator, and the app it asks. */
export const flow = (options: Options = {}) =>
  InstallFlow.layerWith({ stateSecret, ...options }).pipe(
    Layer.provideMerge(withSimulator({}, { http: { retry: false } }))
  )

/** The kind of a refusal, or the reason of a failed call. */
export const kindOf = (error: InstallError | IcrError) =>
  error._tag === "InstallError" ? error.kind : error.reason._tag

/** The session that a link is made for. */
export const session = "the session cookie of one browser"

/** The link that the browser is sent to. */
export const begin = Effect.fnUntraced(function* (state?: string) {
  const { installUrl } = yield* InstallFlow
  return yield* installUrl({ appNameId: "app1", session, state })
})

/** The callback that the registry would send the browser to. */
export const callback = (link: URL, installationId: string, more: Record<string, string> = {}) => {
  const url = new URL("https://app.example.com/callback")
  url.searchParams.set("installationId", installationId)
  url.searchParams.set("state", link.searchParams.get("state") ?? "")
  for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value)
  return url
}

/** Why a callback is refused. */
export const refusalOf = Effect.fnUntraced(function* (url: string | URL, as: string = session) {
  const { verifyCallback } = yield* InstallFlow
  return kindOf(yield* Effect.flip(verifyCallback(url, { session: as })))
})

/** The simulator's first installation. */
export const first = Effect.flatMap(Simulator, ({ installationIds }) => Effect.map(installationIds, ([id = ""]) => id))
