/** Examples that serve, as processes of their own. */
import type { Simulator } from "@effect-icr/simulator/Simulator"
import { Deferred, Effect, Queue, Redacted } from "effect"
import { spawn } from "node:child_process"
import { root } from "./run.ts"

/** An example that serves, on a free port, with the lines it prints. Stopped with SIGTERM, as an orchestrator does. */
export const serve = Effect.fnUntraced(function* (file: string, env: Record<string, string>) {
  const lines = yield* Queue.unbounded<string>()
  const ended = yield* Deferred.make<number | null>()
  const listening = yield* Deferred.make<string>()
  const errors: Array<string> = []
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, [file], {
        cwd: root,
        env: { PATH: process.env["PATH"] ?? "", PORT: "0", ...env },
        stdio: ["ignore", "pipe", "pipe"]
      })
      let rest = ""
      child.stdout.on("data", (chunk) => {
        const all = `${rest}${String(chunk)}`.split("\n")
        rest = all.pop() ?? ""
        for (const line of all) {
          const [, url] = /Listening on (\S+)/.exec(line) ?? []
          if (url !== undefined) Deferred.doneUnsafe(listening, Effect.succeed(url))
          // Lines that begin with a time are log entries.
          else if (line.startsWith("[")) errors.push(line)
          else Queue.offerUnsafe(lines, line)
        }
      })
      child.stderr.on("data", (chunk) => void errors.push(String(chunk)))
      child.on("close", (code) => Deferred.doneUnsafe(ended, Effect.succeed(code)))
      return child
    }),
    (child) =>
      Effect.suspend(() => {
        child.kill("SIGTERM")
        return Deferred.await(ended)
      })
  )
  const orEnded = <A>(effect: Effect.Effect<A>) =>
    Effect.raceFirst(
      effect,
      Effect.flatMap(Deferred.await(ended), (code) => Effect.die(`${file} ended with ${code}: ${errors.join("\n")}`))
    )
  return { address: yield* orEnded(Deferred.await(listening)), next: orEnded(Queue.take(lines)), child, ended, errors }
})

/** Who the app of a simulator is. */
export const environmentOf = ({ app, baseUrl }: Simulator["Service"]) => ({
  ICR_APP_ID: app.appId,
  ICR_APP_NAME_ID: app.appNameId,
  ICR_PRIVATE_KEY: Redacted.value(app.privateKey),
  ICR_BASE_URL: baseUrl,
  ICR_WEBHOOK_SECRET: Redacted.value(app.webhookSecret),
  ICR_STATE_SECRET: "state-secret-for-tests-0123456789abcdef",
  ICR_TOKEN_STORE_KEY: "0123456789abcdef".repeat(4)
})
