/** What `icr` says about itself and about wrong usage, and the exit codes it promises. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import { root, run } from "../support/run.ts"
import { privateKeyPem } from "../support/keys.ts"
import { directory, icr } from "./support/icr.ts"

const readme = fs.readFileSync(`${root}/packages/cli/README.md`, "utf8")
const manifest = fs.readFileSync(`${root}/packages/cli/package.json`, "utf8")

const commands = ["key", "token", "installations", "get", "webhooks", "simulator", "init"]

describe("icr --help", () => {
  it.live("names every command, --env-file and the exit codes of the README", () =>
    Effect.gen(function* () {
      const { exitCode, stderr, stdout } = yield* icr(["--help"])
      assert.deepStrictEqual([exitCode, stderr], [0, ""])
      for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} +\\w`, "m"))
      assert.include(stdout, "--env-file FILE")
      const [, codes = ""] = /Exit codes: ([^.]+)\./.exec(stdout.replaceAll(/\s+/g, " ")) ?? []
      const rows = codes.split("; ").map((code) => {
        const [, number = "", meaning = ""] = /^(\d+) (.+)$/.exec(code) ?? []
        return `| \`${number}\` | ${meaning} |`
      })
      assert.isAtLeast(rows.length, 5)
      const table = readme.replaceAll(/ +/g, " ")
      for (const row of rows) assert.include(table, row)
    })
  )

  it.live("is what icr prints without a command", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* icr([]), yield* icr(["--help"]))
    })
  )

  for (const command of [...commands, "key check", "webhooks listen", "webhooks send"]) {
    it.live(`exists for icr ${command}`, () =>
      Effect.gen(function* () {
        const { exitCode, stdout } = yield* icr([...command.split(" "), "--help"])
        assert.strictEqual(exitCode, 0)
        assert.include(stdout, `  icr ${command} `)
      })
    )
  }

  it.live("offers icr simulator the options of pnpm simulator", () =>
    Effect.gen(function* () {
      const options = (help: string) => help.slice(help.indexOf("FLAGS"), help.indexOf("GLOBAL FLAGS"))
      const { stdout } = yield* icr(["simulator", "--help"])
      assert.include(options(stdout), "--key-file")
      const own = yield* Effect.promise(() => run(process.execPath, ["packages/simulator/src/main.ts", "--help"]))
      assert.strictEqual(options(stdout), options(own.stdout))
    })
  )
})

describe("icr --version and --completions", () => {
  it.live("say the package's version and complete every command", () =>
    Effect.gen(function* () {
      const { stdout } = yield* icr(["--version"])
      const [, version = ""] = /"version": "([^"]+)"/.exec(manifest) ?? []
      assert.strictEqual(stdout, `icr v${version}\n`)
      for (const shell of ["bash", "zsh", "fish", "powershell"]) {
        const { exitCode, stdout } = yield* icr(["--completions", shell])
        assert.strictEqual(exitCode, 0)
        for (const command of commands) assert.include(stdout, command)
      }
    })
  )
})

describe("wrong usage", () => {
  for (const [args, complaint] of [
    [["tokn"], /^icr: Unknown subcommand "tokn" for "icr" .*token.*\(icr --help shows the usage\)\n$/],
    [["token", "--foo"], /^icr: Unrecognized flag: --foo .*\(icr token --help shows the usage\)\n$/],
    [["get"], /^icr: Missing required argument: path .*\n$/],
    [
      ["get", "/a", "--installation", "../b"],
      /^icr: Invalid value for flag --installation: "..\/b". Expected: the id of an installation, .*\n$/
    ],
    [
      ["token", "--installation", "../b"],
      /^icr: Invalid value for flag --installation: "..\/b". Expected: the id of .*\n$/
    ],
    [
      ["webhooks", "listen", "--forward", "ftp://a"],
      /^icr: .* --forward: "ftp:\/\/a". Expected: a URL that begins with .*\n$/
    ],
    [["webhooks", "listen", "--port", "70000"], /^icr: Invalid value for flag --port: .*65535, not 70000.*\n$/],
    [
      ["webhooks", "send", "ftp://a/b"],
      /^icr: Invalid value for argument <url>: "ftp:\/\/a\/b". Expected: a URL that begins with .*\n$/
    ]
  ] as const) {
    it.live(`is one line on standard error and exit code 2: icr ${args.join(" ")}`, () =>
      Effect.gen(function* () {
        const { exitCode, stderr, stdout } = yield* icr(args)
        assert.deepStrictEqual([exitCode, stdout], [2, ""])
        assert.match(stderr, complaint)
      })
    )
  }
})

/** What a mistake in `icr` may throw: a text with a key in it, from deep within. */
const broken = `
  import crypto from "node:crypto"
  import { syncBuiltinESMExports } from "node:module"
  crypto.createHash = () => { throw new TypeError(${JSON.stringify(privateKeyPem)}) }
  syncBuiltinESMExports()`

describe("a mistake in icr", () => {
  it.live("is one line without a stack trace and without what it quotes, and exit code 1", () =>
    Effect.gen(function* () {
      const file = `${yield* directory}/key.pem`
      fs.writeFileSync(file, privateKeyPem)
      const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(broken)}` }
      const { exitCode, stderr, stdout } = yield* icr(["key", "check", file, "--log-level", "all"], env)
      assert.deepStrictEqual([exitCode, stdout], [1, ""])
      assert.match(stderr, /^icr: an unexpected failure \(TypeError\), which is a mistake in icr: .*\n$/)
    })
  )
})
