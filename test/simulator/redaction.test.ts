/** Nothing the request log shows opens anything. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { call, errorOf, exchange } from "./support/calls.ts"
import { appJwt } from "./support/jwt.ts"

const controlToken = "opens/the control+interface"
const simulator = Effect.provide(Simulator.layerWith({ controlToken }))

const everyByte = (text: string) =>
  Array.from(text, (one) => `%${one.codePointAt(0)?.toString(16).padStart(2, "0")}`).join("")

/** The ways a value gets into an address. */
const spellings: Readonly<Record<string, (secret: string) => string>> = {
  encodeURIComponent,
  "its underscore encoded": (secret) => encodeURIComponent(secret).replaceAll("_", "%5F").replaceAll(".", "%2e"),
  "every byte encoded": everyByte,
  "encoded twice": (secret) => encodeURIComponent(everyByte(secret)),
  "in upper case": (secret) => everyByte(secret).toUpperCase()
}

describe("the request log shows no secret", () => {
  for (const [name, spell] of Object.entries(spellings)) {
    it.effect(
      `in an address, ${name}`,
      Effect.fnUntraced(function* () {
        const { app, control } = yield* Simulator
        const secrets = [yield* exchange(), yield* appJwt(), Redacted.value(app.webhookSecret), controlToken]
        for (const secret of secrets) {
          const written = spell(secret)
          yield* call("GET", `/projects?t=${written}&limit=10`)
          yield* call("GET", `/projects/${written}`, undefined, { referer: `http://localhost/?t=${written}` })
          const entries = (yield* control.requestLog).slice(-2)
          assert.strictEqual(entries[0]?.path, "/projects?t=<redacted>&limit=10")
          assert.strictEqual(entries[1]?.path, "/projects/<redacted>")
          assert.strictEqual(entries[1]?.headers["referer"], "http://localhost/?t=<redacted>")
        }
      }, simulator)
    )
  }

  it.effect(
    "where the address is cut, nor in the answer to an unknown route",
    Effect.fnUntraced(function* () {
      const token = yield* exchange()
      yield* call("GET", `/projects?${"a".repeat(1_980)}=${token}`)
      const path = (yield* (yield* Simulator).control.requestLog).at(-1)?.path ?? ""
      assert.isAtMost(path.length, 2_000)
      assert.notInclude(path, token.slice(0, 8))
      const { message } = yield* Effect.flatMap(call("GET", `/nowhere/${everyByte(token)}`), errorOf)
      assert.strictEqual(message, "Cannot GET /nowhere/<redacted>")
    }, simulator)
  )

  it.effect(
    "and leaves everything else as it was written",
    Effect.fnUntraced(function* () {
      for (const path of ["/projects?q=50%25%20off&limit=%31", "/projects?q=%zz%e2%82%ac", "/projects?crs_=crs_0011"]) {
        yield* call("GET", path)
        assert.strictEqual((yield* (yield* Simulator).control.requestLog).at(-1)?.path, path)
      }
    }, simulator)
  )

  it.effect(
    "an empty control token is refused, for it would open to everybody",
    Effect.fnUntraced(function* () {
      const error = yield* Effect.flip(Effect.void.pipe(Effect.provide(Simulator.layerWith({ controlToken: "" }))))
      assert.match(error.message, /^controlToken: Expected/)
    })
  )
})
