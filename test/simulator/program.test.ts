/** What the program is to a developer at a terminal: a key that stays, lines to paste, a line for each request. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Logger, References, Schema } from "effect"
import { HttpClient } from "effect/http"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { TestClock } from "effect/testing"
import jsonwebtoken from "jsonwebtoken"
import { generateKeyPairSync } from "node:crypto"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as net from "node:net"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { directory, main, refused, start } from "./support/program.ts"

const BaseUrl = Schema.fromJsonString(Schema.Struct({ baseUrl: Schema.String }))
const live = Effect.provide(NodeServices.layer)
const app = fileURLToPath(new URL("./support/appFromEnvironment.ts", import.meta.url))

const status = (url: string, bearer?: string, init: RequestInit = {}) =>
  Effect.promise(async () => {
    const headers = { ...init.headers, ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) }
    return (await fetch(url, { ...init, headers })).status
  })

const jwt = (pem: string, appId: string) =>
  jsonwebtoken.sign({}, pem, { algorithm: "RS256", issuer: appId, expiresIn: 540 })

const rsa = (type: "pkcs1" | "pkcs8") =>
  generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type, format: "pem" }).toString()
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString()

describe("the key file", () => {
  it.live(
    "keeps its key over a restart, so that programs which hold the key go on working",
    Effect.fnUntraced(function* () {
      const file = `${yield* directory}/icr_private_key.pem`
      const first = yield* start("--key-file", file)
      const pem = fs.readFileSync(file, "utf8")
      yield* first.stop
      const { ready } = yield* start("--key-file", file)
      assert.strictEqual(fs.readFileSync(file, "utf8"), pem)
      assert.strictEqual(ready.privateKeyFile, file)
      assert.strictEqual(yield* status(`${ready.baseUrl}/app/installations`, jwt(pem, ready.appId)), 200)
    }, live)
  )

  for (const type of ["pkcs1", "pkcs8"] as const)
    it.live(
      `may hold a key of one's own (${type}), which is left as it is`,
      Effect.fnUntraced(function* () {
        const file = `${yield* directory}/mine.pem`
        const pem = rsa(type)
        fs.writeFileSync(file, pem, { mode: 0o640 })
        const { ready } = yield* start("--key-file", file)
        assert.strictEqual(fs.readFileSync(file, "utf8"), pem)
        assert.strictEqual(fs.statSync(file).mode & 0o777, 0o640)
        assert.strictEqual(yield* status(`${ready.baseUrl}/app/installations`, jwt(pem, ready.appId)), 200)
      }, live)
    )

  it.live(
    "gets a new key with --new-key, and the older one is refused",
    Effect.fnUntraced(function* () {
      const file = `${yield* directory}/icr_private_key.pem`
      const old = rsa("pkcs8")
      fs.writeFileSync(file, old)
      const { ready } = yield* start("--key-file", file, "--new-key")
      const pem = fs.readFileSync(file, "utf8")
      assert.notStrictEqual(pem, old)
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
      const url = `${ready.baseUrl}/app/installations`
      assert.deepStrictEqual(
        [yield* status(url, jwt(old, ready.appId)), yield* status(url, jwt(pem, ready.appId))],
        [401, 200]
      )
    }, live)
  )

  it.live(
    "without a usable key is named by its path and left as it is",
    Effect.fnUntraced(function* () {
      const file = `${yield* directory}/notes.txt`
      for (const [content, complaint] of [
        ["my notes", "is not a private key in PEM form (PKCS#1 or PKCS#8)"],
        ["", "is not a private key in PEM form (PKCS#1 or PKCS#8)"],
        [ec, "must be an RSA key, not ec"]
      ] as const) {
        fs.writeFileSync(file, content)
        assert.deepStrictEqual(yield* refused("--port", "0", "--key-file", file), [
          1,
          [`icr-simulator: --key-file ${file} ${complaint}; --new-key replaces the file`]
        ])
        assert.strictEqual(fs.readFileSync(file, "utf8"), content)
      }
    }, live)
  )

  it.live(
    "is left as it is when the program cannot start",
    Effect.fnUntraced(function* () {
      const file = `${yield* directory}/icr_private_key.pem`
      const { ready } = yield* start("--key-file", file)
      const pem = fs.readFileSync(file, "utf8")
      const [code] = yield* refused("--port", new URL(ready.baseUrl).port, "--key-file", file, "--new-key")
      assert.strictEqual(code, 1)
      assert.strictEqual(fs.readFileSync(file, "utf8"), pem)
    }, live)
  )

  it.live(
    "must be a regular file, and --new-key needs one",
    Effect.fnUntraced(function* () {
      const path = `${yield* directory}/socket`
      yield* Effect.acquireRelease(
        Effect.callback<net.Server>((resume) => {
          const server = net.createServer().listen(path, () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close())
      )
      for (const more of [[], ["--new-key"]]) {
        assert.deepStrictEqual(yield* refused("--port", "0", "--key-file", path, ...more), [
          1,
          [`icr-simulator: --key-file ${path} is not a regular file`]
        ])
      }
      assert.isTrue(fs.existsSync(path))
      assert.deepStrictEqual(yield* refused("--port", "0", "--new-key"), [
        1,
        ["icr-simulator: --new-key needs --key-file PATH"]
      ])
    }, live)
  )
})

describe("the banner", () => {
  it.live(
    "has export lines with which a program finds the simulator, its key and its webhook secret",
    Effect.fnUntraced(function* () {
      const file = `${yield* directory}/it's a key.pem`
      const { banner, ready } = yield* start("--key-file", file, "--installations", "7")
      const lines = (yield* banner).filter((line) => line.startsWith("export "))
      assert.deepStrictEqual(
        lines.map((line) => line.replace(/=.*/, "")),
        [
          "export ICR_BASE_URL",
          "export ICR_APP_ID",
          "export ICR_APP_NAME_ID",
          "export ICR_WEBHOOK_SECRET",
          "export ICR_PRIVATE_KEY_FILE"
        ]
      )
      const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
      const script = [...lines, `exec "$NODE" "$PROGRAM"`].join("\n")
      const output = yield* spawner.string(
        ChildProcess.make("sh", ["-e", "-c", script], {
          env: { NODE: process.execPath, PROGRAM: app, PATH: "/usr/bin:/bin" }
        })
      )
      assert.strictEqual(output.trim(), `7 app1 ${ready.webhookSecret}`)
    }, live)
  )

  it.live(
    "never has the key itself, and without a key file names none",
    Effect.fnUntraced(function* () {
      const file = `${yield* directory}/icr_private_key.pem`
      const withKey = yield* start("--key-file", file)
      const secret = fs.readFileSync(file, "utf8").split("\n")[1] ?? ""
      assert.isAbove(secret.length, 60)
      assert.notInclude((yield* withKey.banner).join("\n"), secret)
      const without = yield* start()
      assert.notInclude((yield* without.banner).join("\n"), "ICR_PRIVATE_KEY_FILE")
    }, live)
  )
})

describe("standard error", () => {
  const requests = Effect.fnUntraced(function* (baseUrl: string, controlToken: string) {
    yield* status(`${baseUrl}/projects?limit=2`)
    yield* status(`${baseUrl}//`)
    yield* status(`${baseUrl}/projects?access_token=crs_0123456789abcdef0123456789abcdef0123456789abcdef`)
    yield* status(`${baseUrl}/nothing`, undefined, { method: "DELETE" })
    yield* status(`${baseUrl}/_simulator/faults/script`, controlToken, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ route: "*", steps: [{ _tag: "Reset" }, { _tag: "Latency", millis: 50 }] })
    })
    yield* Effect.ignore(Effect.tryPromise(() => fetch(`${baseUrl}/projects`)))
    yield* status(`${baseUrl}/projects`)
    // Decoded to find the token, the path would clear a terminal and begin a line of its own.
    yield* status(`${baseUrl}/%1b%5b2J%0aGET%20%63rs_0123456789abcdef`)
  })

  const tokenIn = (banner: ReadonlyArray<string>) => /Bearer (\w+)/.exec(banner.join("\n"))?.[1] ?? ""

  it.live(
    "gets one line for each request: method, path without secrets, status and time",
    Effect.fnUntraced(function* () {
      const { banner, ready, stop } = yield* start()
      yield* requests(ready.baseUrl, tokenIn(yield* banner))
      const lines = yield* stop
      const expected = [
        /^GET \/projects\?limit=2 403 \d+ ms$/,
        /^GET \/\/ 200 \d+ ms$/,
        /^GET \/projects\?access_token=<redacted> 403 \d+ ms$/,
        /^DELETE \/nothing 404 \d+ ms$/,
        /^POST \/_simulator\/faults\/script 200 \d+ ms$/,
        /^GET \/projects no answer \d+ ms$/,
        /^GET \/projects 403 [4-9]\d ms$|^GET \/projects 403 \d{3,} ms$/,
        /^GET \/%1B\[2J%0AGET%20<redacted> 404 \d+ ms$/
      ]
      assert.strictEqual(lines.length, expected.length, lines.join("\n"))
      for (const [n, line] of lines.entries()) assert.match(line, expected[n] ?? /never/)
    }, live)
  )

  for (const args of [["--quiet"], ["--log-level", "warn"]])
    it.live(
      `gets no such line with ${args.join(" ")}`,
      Effect.fnUntraced(function* () {
        const { banner, ready, stop } = yield* start(...args)
        yield* requests(ready.baseUrl, tokenIn(yield* banner))
        assert.deepStrictEqual(yield* stop, [])
      }, live)
    )

  it.live(
    "may lose its reader without harm",
    Effect.fnUntraced(function* () {
      const child = yield* Effect.acquireRelease(
        Effect.sync(() => spawn(process.execPath, [main, "--port", "0"], { stdio: ["ignore", "pipe", "pipe"] })),
        (process) => Effect.sync(() => process.kill())
      )
      const line = yield* Effect.promise(() => once(createInterface(child.stdout), "line"))
      const { baseUrl } = yield* Schema.decodeUnknownEffect(BaseUrl)(line[0])
      child.stderr.destroy()
      // More than one request: what is written to a closed pipe fails after the request that wrote it.
      for (let n = 0; n < 5; n++) assert.strictEqual(yield* status(`${baseUrl}/projects`), 403)
      assert.isNull(child.exitCode)
    }, live)
  )
})

describe("in a program", () => {
  it.effect(
    "each request is logged at level Debug, on the program's clock",
    Effect.fnUntraced(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => lines.push(`${logLevel} ${String(message)}`))
      yield* Effect.gen(function* () {
        const { baseUrl, control } = yield* Simulator
        yield* control.faults.script("*", ["pass", { _tag: "Latency", millis: 1500 }, { _tag: "Reset" }])
        yield* HttpClient.get(`${baseUrl}/projects`)
        const slow = yield* Effect.forkChild(HttpClient.get(`${baseUrl}//projects?limit=1`))
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.join(slow)
        yield* Effect.flip(HttpClient.get(`${baseUrl}/projects`))
      }).pipe(
        Effect.provide(Simulator.layer),
        Effect.provide(Logger.layer([logger])),
        Effect.provideService(References.MinimumLogLevel, "Debug")
      )
      assert.deepStrictEqual(lines, [
        "Debug GET /projects 403 0 ms",
        "Debug GET //projects?limit=1 403 1500 ms",
        "Debug GET /projects no answer 0 ms"
      ])
    })
  )
})
