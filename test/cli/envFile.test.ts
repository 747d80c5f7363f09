/** `--env-file`: variables beneath those of the environment. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import { directory, type Environment, environment, icr } from "./support/icr.ts"

const written = Effect.fnUntraced(function* (variables: Environment) {
  const file = `${yield* directory}/.env`
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  fs.writeFileSync(file, `# the app\n${lines.join("\n")}\n`)
  return file
})

const registry = Effect.provide(Simulator.layerServer)

describe("--env-file", () => {
  for (const place of ["before", "after"]) {
    it.live(`describes the app, ${place} the command`, () =>
      Effect.gen(function* () {
        const file = ["--env-file", yield* written(yield* environment)]
        const command = ["installations"]
        const args = place === "before" ? [...file, ...command] : [...command, ...file]
        const { exitCode, stderr, stdout } = yield* icr(args)
        assert.strictEqual(exitCode, 0, stderr)
        assert.lengthOf(stdout.trim().split("\n"), 3)
      }).pipe(registry)
    )
  }

  it.live("does not override the environment", () =>
    Effect.gen(function* () {
      const { ICR_BASE_URL = "", ...others } = yield* environment
      const file = yield* written({ ...others, ICR_BASE_URL: "http://127.0.0.1:1" })
      const { exitCode, stderr } = yield* icr(["installations", "--env-file", file], { ICR_BASE_URL })
      assert.strictEqual(exitCode, 0, stderr)
    }).pipe(registry)
  )

  it.live("names a key file, which is read", () =>
    Effect.gen(function* () {
      const { ICR_PRIVATE_KEY = "", ...others } = yield* environment
      const key = `${yield* directory}/key.pem`
      fs.writeFileSync(key, ICR_PRIVATE_KEY)
      const file = yield* written({ ...others, ICR_PRIVATE_KEY_FILE: key })
      const { exitCode, stderr } = yield* icr(["installations", "--env-file", file])
      assert.strictEqual(exitCode, 0, stderr)
    }).pipe(registry)
  )

  it.live("that is not there is said in one line, with exit code 3", () =>
    Effect.gen(function* () {
      const { exitCode, stderr, stdout } = yield* icr(["installations", "--env-file", "/nowhere/.env"])
      assert.deepStrictEqual([exitCode, stdout], [3, ""])
      assert.strictEqual(stderr, "icr: --env-file /nowhere/.env could not be read (NotFound)\n")
    })
  )
})
