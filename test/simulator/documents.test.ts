import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import jsonwebtoken from "jsonwebtoken"
import * as fs from "node:fs"
import { directory, start } from "./support/program.ts"

/**
 * The documents judge the simulator: their curl commands are run as written by a real shell and a real curl against a real
 * process, and their JSON examples say what must come back. Both stand in `test/documents`.
 */
const read = (name: string) => fs.readFileSync(new URL(`../documents/${name}`, import.meta.url), "utf8")

const Command = Schema.Struct({ document: Schema.String, command: Schema.String })
const commands = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Array(Command)))(read("commands.json"))

/** `POST /app/accessTokens` and so on → the JSON printed as its answer. */
const examples = new Map(
  Object.entries(
    Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)))(read("answers.json"))
  )
)

const decodeJson = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Json))

/** Which printed answer belongs to a command. */
const exampleFor = (command: string): Schema.Json | undefined => {
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
  it.live(
    "run as written and answer with the printed fields",
    Effect.fnUntraced(
      function* () {
        const simulator = yield* running
        const [installationId = ""] = simulator.installationIds
        let compared = 0
        assert.strictEqual(commands.length, 17)

        for (const { command, document } of commands) {
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
          assert.strictEqual(answer.status, "200", `${document}\n${command}\n${JSON.stringify(answer.body)}`)
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
          assert.deepStrictEqual(missing(example, answer.body), [], `${document}\n${command}`)
        }
        assert.strictEqual(examples.size, 5)
        assert.strictEqual(compared, 16)
      },
      Effect.scoped,
      Effect.provide(NodeServices.layer)
    )
  )
})
