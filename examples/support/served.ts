/** Examples that serve until they are stopped: `pnpm examples` plays the registry and the browser for them. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import type { SimulatorError } from "@effect-icr/simulator/SimulatorError"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Cookies from "effect/http/Cookies"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as Option from "effect/Option"
import * as ChildProcess from "effect/process/ChildProcess"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as Stream from "effect/Stream"

/** What happens to an example that serves, and how the line begins that it prints about it. */
export interface Driven {
  readonly drive: (
    address: string
  ) => Effect.Effect<void, SimulatorError | HttpClientError, Simulator | HttpClient.HttpClient>
  readonly prints: string
}

/** An organization installs the app, and the registry delivers the event. */
export const deliver = Effect.fnUntraced(function* (address: string) {
  const { control } = yield* Simulator
  yield* control.webhooks.setTarget(`${address}/webhook`)
  yield* control.install()
})

/** A browser opens the page, and comes back from the registry. */
export const comeBack = Effect.fnUntraced(function* (address: string) {
  const { installationIds } = yield* Simulator
  const [installationId = ""] = yield* installationIds
  const page = yield* HttpClient.get(address)
  const [, state = ""] = /[?&;]state=([\w.-]+)/.exec(yield* page.text) ?? []
  yield* HttpClient.get(`${address}/callback`, {
    urlParams: { installationId, state },
    headers: { cookie: Cookies.toCookieHeader(page.cookies) }
  })
})

/** Starts an example on a free port, drives it, and stops it as an orchestrator does once it has printed what it is to. */
export const runServed = Effect.fnUntraced(function* (
  file: string,
  env: Record<string, string>,
  { drive, prints }: Driven
) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const server = yield* spawner.spawn(
    ChildProcess.make(process.execPath, [file], { stderr: "inherit", extendEnv: true, env: { ...env, PORT: "0" } })
  )
  const printed = yield* server.stdout.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.tap((line) => Console.log(line)),
    Stream.tap((line) => {
      const [, address] = /Listening on (\S+)/.exec(line) ?? []
      return address === undefined ? Effect.void : drive(address)
    }),
    Stream.filter((line) => line.startsWith(prints)),
    Stream.runHead,
    Effect.timeout("1 minute")
  )
  if (Option.isNone(printed)) return yield* Effect.fail(`${file} ended before it printed "${prints}"`)
  yield* server.kill()
}, Effect.scoped)
