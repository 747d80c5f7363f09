import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import jsonwebtoken from "jsonwebtoken"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import { directory, start } from "./support/program.ts"

/**
 * The documents this project started from judge the simulator: their curl commands are run as written by a real shell and a
 * real curl against a real process, and their JSON examples say what must come back.
 */
const seeds = fileURLToPath(new URL("../../../shared/seeds", import.meta.url))

const documents = fs.existsSync(seeds)
  ? fs.readdirSync(seeds).map((name) => ({ name, text: fs.readFileSync(`${seeds}/${name}`, "utf8") }))
  : []
if (documents.length === 0) {
  process.stderr.write(`\nSKIPPED test/simulator/documents.test.ts: no documents in ${seeds}\n`)
}

/** A command starts with `curl` and goes on for as long as its lines end in a backslash. */
const commandsOf = (text: string): ReadonlyArray<string> => {
  const commands: Array<string> = []
  let current: Array<string> | undefined
  for (const line of text.split("\n")) {
    if (current === undefined && /^\s*curl\s/.test(line)) current = []
    if (current === undefined) continue
    current.push(line)
    if (!/\\\s*$/.test(line)) {
      commands.push(current.join("\n"))
      current = undefined
    }
  }
  return commands
}

const Json = Schema.fromJsonString(Schema.Json)
const decodeJson = Schema.decodeUnknownEffect(Json)

/** `POST /app/accessTokens` and so on → the JSON printed as its answer. */
const examples = new Map(
  documents.flatMap(({ text }) =>
    Array.from(
      text.matchAll(/^(GET|POST|DELETE) (\S+) HTTP\/1\.1\n(?:[\w-]+: .*\n)+200Success\n(true|\{[\s\S]*?^\})$/gm),
      ([, method, path, json]) => [`${method} ${path}`, json] as const
    )
  )
)

/** Which printed answer belongs to a command. */
const exampleFor = (command: string): string | undefined => {
  const method = /(?:-X|--request) '?(\w+)'?/.exec(command)?.[1]
  const path = /https:\/\/[^/]+([^'"?]*)/.exec(command)?.[1] ?? ""
  return examples.get(`${method} ${path.replace(/\{?INSTALLATION_ID\}?/, "{installationId}")}`)
}

/** Every field of the example is there, with a value of the same JSON type; paths of those that are not. */
const missing = (example: Schema.Json, actual: Schema.Json | undefined, path = "$"): ReadonlyArray<string> => {
  const kind = (value: Schema.Json | undefined) =>
    Array.isArray(value) ? "list" : value === null ? "null" : typeof value
  if (kind(example) !== kind(actual)) return [`${path}: ${kind(actual)} instead of ${kind(example)}`]
  if (Array.isArray(example) && Array.isArray(actual)) {
    const [first] = example
    return first === undefined ? [] : missing(first, actual[0], `${path}[0]`)
  }
  if (typeof example !== "object" || example === null) return []
  const fields: ReadonlyMap<string, Schema.Json> = new Map(Object.entries(actual ?? {}))
  return Object.entries(example).flatMap(([name, value]) => missing(value, fields.get(name), `${path}.${name}`))
}

/** A `pnpm simulator` process and a JWT for its app. */
const running = Effect.gen(function* () {
  const keyFile = `${yield* directory}/key.pem`
  const { ready } = yield* start("--installations", "12", "--key-file", keyFile)
  const jwt = jsonwebtoken.sign({}, fs.readFileSync(keyFile), {
    algorithm: "RS256",
    issuer: ready.appId,
    expiresIn: 540
  })
  return { ...ready, jwt }
})

const shell = Effect.fnUntraced(function* (command: string) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const output = yield* spawner.string(
    ChildProcess.make("sh", ["-c", `${command} --silent --write-out '\\n%{http_code}'`])
  )
  const at = output.lastIndexOf("\n")
  return { status: output.slice(at + 1).trim(), body: yield* decodeJson(output.slice(0, at)) }
})

const Token = Schema.Struct({ token: Schema.String })

describe("the documents' own curl commands", () => {
  it.live.skipIf(documents.length === 0)(
    "run as written and answer with the printed fields",
    Effect.fnUntraced(
      function* () {
        const simulator = yield* running
        const [installationId = ""] = simulator.installationIds
        let compared = 0
        const commands = documents.flatMap(({ name, text }) => commandsOf(text).map((command) => ({ name, command })))
        assert.strictEqual(commands.length, 17)

        for (const { command, name } of commands) {
          const fresh = yield* shell(
            `curl -X POST -H "Authorization: Bearer ${simulator.jwt}" ${simulator.baseUrl}/app/installations/${installationId}/accessTokens`
          )
          const { token } = yield* Schema.decodeUnknownEffect(Token)(fresh.body)
          const filled = command
            .replace("https://api.carbonregistry.com", simulator.baseUrl)
            .replace(/INSTALLATION_ACCESS_TOKEN|YOUR_ACCESS_TOKEN/, token)
            .replace(/YOUR_JWT|(?<=Bearer )JWT/, simulator.jwt)
            .replace(/\{?INSTALLATION_ID\}?/, installationId)
          const answer = yield* shell(filled.trimEnd())
          assert.strictEqual(answer.status, "200", `${name}\n${command}\n${JSON.stringify(answer.body)}`)
          const example = exampleFor(command)
          if (example === undefined) {
            assert.match(
              command,
              /carbonregistry\.com\/projects/,
              "only /projects has no printed answer in these documents"
            )
            continue
          }
          compared++
          assert.deepStrictEqual(missing(yield* decodeJson(example), answer.body), [], `${name}\n${command}`)
        }
        assert.strictEqual(examples.size, 5)
        assert.strictEqual(compared, 16)
      },
      Effect.scoped,
      Effect.provide(NodeServices.layer)
    )
  )
})
