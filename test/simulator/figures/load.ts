/**
 * Mixed load on a `pnpm simulator` process, and the memory of that process meanwhile:
 *
 *     node test/simulator/figures/load.ts [seconds] [callers] [MiB]
 *
 * The server keeps 100,000 tokens, and the figures count those that nobody deleted. Its heap is limited (default 192 MiB), so
 * that something that grows without end would end the run with it.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Duration, Effect, Schedule, Schema, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import jsonwebtoken from "jsonwebtoken"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"

const seconds = Number(process.argv[2] ?? 60)
const callers = Number(process.argv[3] ?? 8)
const heapLimit = Number(process.argv[4] ?? 192)
const main = fileURLToPath(new URL("../../../packages/simulator/src/main.ts", import.meta.url))

const Ready = Schema.fromJsonString(
  Schema.Struct({
    baseUrl: Schema.String,
    appId: Schema.String,
    installationIds: Schema.NonEmptyArray(Schema.String),
    organizationIds: Schema.NonEmptyArray(Schema.String)
  })
)
const Token = Schema.Struct({ token: Schema.String })

const program = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync("/tmp/icr-simulator-")),
    (path) => Effect.sync(() => fs.rmSync(path, { recursive: true }))
  )
  const keyFile = `${directory}/key.pem`
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const handle = yield* spawner.spawn(
    ChildProcess.make(process.execPath, [
      `--max-old-space-size=${heapLimit}`,
      main,
      "--port",
      "0",
      "--installations",
      "100",
      "--key-file",
      keyFile,
      "--quiet"
    ])
  )
  const line = yield* handle.stdout.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runHead,
    Effect.flatMap(Effect.fromOption)
  )
  const { appId, baseUrl, installationIds, organizationIds } = yield* Schema.decodeUnknownEffect(Ready)(line)
  const key = fs.readFileSync(keyFile)
  const rss = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${handle.pid}/status`, "utf8"))?.[1]) / 1024

  let jwt = ""
  const sign = Effect.sync(() => {
    jwt = jsonwebtoken.sign({}, key, { algorithm: "RS256", issuer: appId, expiresIn: 540 })
  })
  yield* sign
  yield* Effect.forkScoped(Effect.repeat(sign, Schedule.spaced("4 minutes")))

  const statuses = new Map<number, number>()
  let requests = 0
  const send = (method: string, path: string, bearer: string) =>
    Effect.promise(async () => {
      const response = await fetch(`${baseUrl}${path}`, { method, headers: { authorization: `Bearer ${bearer}` } })
      requests++
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      const json: unknown = await response.json()
      return json
    })

  let exchanges = 0
  let deleted = 0
  /** One round of an app's life: list, exchange here and elsewhere, use, use, be refused, sometimes revoke. */
  const round = Effect.fnUntraced(function* (n: number) {
    const at = n % installationIds.length
    yield* send("GET", `/app/installations?limit=20&page=${n % 5}`, jwt)
    const answer = yield* send("POST", `/app/installations/${installationIds[at]}/accessTokens`, jwt)
    const { token } = yield* Schema.decodeUnknownEffect(Token)(answer)
    const elsewhere = installationIds[(at + 1) % installationIds.length]
    yield* send("POST", `/app/installations/${elsewhere}/accessTokens`, jwt)
    exchanges += 2
    yield* send("GET", "/projects?limit=5&page=0", token)
    yield* send("GET", `/organizations/${organizationIds[at]}`, token)
    yield* send("GET", "/projects", "nobody")
    if (n % 4 === 0) {
      yield* send("DELETE", "/app/installations/token", token)
      deleted++
    }
  })

  let rounds = 0
  const caller = Effect.forever(Effect.suspend(() => round(rounds++)))
  yield* Console.log(`before: ${rss().toFixed(0)} MiB`)
  const report = Effect.suspend(() =>
    Console.log(`${requests} requests, ${exchanges - deleted} tokens not deleted, server rss ${rss().toFixed(0)} MiB`)
  )
  yield* Effect.forkScoped(Effect.repeat(report, Schedule.spaced(Duration.seconds(Math.max(5, seconds / 12)))))
  yield* Effect.all(
    Array.from({ length: callers }, () => caller),
    { concurrency: callers }
  ).pipe(Effect.timeoutOption(Duration.seconds(seconds)))
  yield* Console.log(
    `after ${seconds} s: ${requests} requests (${(requests / seconds).toFixed(0)}/s), server rss ${rss().toFixed(0)} MiB`
  )
  yield* Console.log(`answers: ${[...statuses].map(([status, count]) => `${status}: ${count}`).join(", ")}`)
})

program.pipe(Effect.scoped, Effect.provide(NodeServices.layer), NodeRuntime.runMain)
