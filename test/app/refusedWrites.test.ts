/** A refused credential is certain not to have written anything: the request is sent again, whatever its method. */
import { IcrApp, IcrHttp, IcrReason } from "@effect-icr/app"
import { type Credential, type Refusal, fixed } from "@effect-icr/app/Credential"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Redacted, Stream } from "effect"
import { HttpBody, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { appOver, idOf, makeRegistry, refusal } from "../support/registry.ts"
import { played, status, wireOver } from "./support/wire.ts"

/** Gives another token after each refusal, as long as the request can be sent again. */
const renewed = (seen: Array<Refusal>): Credential => ({
  get: Effect.sync(() => ({ value: Redacted.make(`crs_${seen.length}`) })),
  onRefused: (refusal) =>
    Effect.sync(() => {
      seen.push(refusal)
      return { again: refusal.canRepeat && seen.length < 2, tried: "nothing" }
    })
})

const form = new FormData()
form.set("a", "b")
const bodies: ReadonlyArray<readonly [name: string, body: HttpBody.HttpBody, canRepeat: boolean]> = [
  ["no body", HttpBody.empty, true],
  ["a text", HttpBody.text("a"), true],
  ["JSON", HttpBody.jsonUnsafe({ a: 1 }), true],
  ["a form", HttpBody.formData(form), true],
  ["a raw text", HttpBody.raw("a"), true],
  ["a raw blob", HttpBody.raw(new Blob(["a"])), true],
  ["a raw stream", HttpBody.raw(new ReadableStream()), false],
  ["a stream", HttpBody.stream(Stream.make(new Uint8Array(1))), false]
]

describe("a write whose credential is refused", () => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE"] as const) {
    for (const [name, body, canRepeat] of bodies) {
      it.effect(`${method} with ${name} is ${canRepeat ? "sent once more" : "left to its caller"}`, () => {
        const { layer, sent } = played((n) => Effect.sync(() => status(n === 1 ? 401 : 204)))
        const seen: Array<Refusal> = []
        return Effect.gen(function* () {
          const client = (yield* IcrHttp).client({ operation: "Test.call", credential: renewed(seen) })
          const exit = yield* Effect.result(client.execute(HttpClientRequest.make(method)("/things", { body })))
          assert.deepStrictEqual(
            seen.map((refusal) => [refusal.canRepeat, refusal.path]),
            [[canRepeat, "/things"]]
          )
          assert.strictEqual(sent.length, canRepeat ? 2 : 1)
          if (exit._tag === "Success") return assert.isTrue(canRepeat)
          const error = exit.failure
          assert.isFalse(canRepeat)
          assert.deepStrictEqual(
            [error.reason._tag, error.isRetryable, error.mayHaveHappened],
            ["Unauthorized", true, false]
          )
          assert.include(
            error.message,
            "nothing was done, and the request could not be sent again from here; try again"
          )
        }).pipe(Effect.provide(wireOver(layer)))
      })
    }
  }

  it.effect("is not told to be tried again when there is no other credential", () => {
    const { layer } = played(() => Effect.sync(() => status(401)))
    return Effect.gen(function* () {
      const client = (yield* IcrHttp).client({ operation: "Test.call", credential: fixed(Redacted.make("crs_1")) })
      const body = HttpBody.stream(Stream.make(new Uint8Array(1)))
      assert.isFalse((yield* Effect.flip(client.post("/things", { body }))).isRetryable)
    }).pipe(Effect.provide(wireOver(layer)))
  })

  it.effect("is healed when its token was revoked elsewhere", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const { installationClient, installationToken } = yield* IcrApp
      yield* installationToken(idOf("i-1"))
      yield* TestClock.adjust("1 hour")
      registry.answer = (token) => (token === "crs_1" ? refusal(401, "Unauthorized") : undefined)
      const response = yield* installationClient(idOf("i-1")).post("/things")
      assert.strictEqual(response.status, 200)
      assert.deepStrictEqual(registry.requests, ["POST /things crs_1", "POST /things crs_2"])
    }).pipe(Effect.provide(appOver(registry)))
  })
})

describe("the advice names what was refused", () => {
  const call = { operation: "X.y", method: "GET", path: "/x", idempotent: true, attempts: 1, elapsed: Duration.zero }
  const answer = { ...call, status: 401, registryMessage: [], tried: "newToken" as const }
  it("the JWT, an installation's token, the app's token", () => {
    const text = (credential: "jwt" | "appToken" | "installationToken") =>
      new IcrReason.Unauthorized({ ...answer, credential }).message
    assert.match(text("jwt"), /the app JWT was refused.*check the app id and the private key\.$/)
    assert.match(text("installationToken"), /the installation's token was refused \(also.*check the installation\.$/)
    assert.match(text("appToken"), /the app token was refused/)
    for (const credential of ["appToken", "installationToken"] as const) assert.notInclude(text(credential), "key")
  })

  it.effect("as it was sent", () => {
    const { layer } = played(() => Effect.sync(() => status(401)))
    const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl"
    return Effect.gen(function* () {
      const http = yield* IcrHttp
      for (const [value, installation, expected] of [
        [jwt, undefined, "jwt"],
        [jwt, "i-1", "jwt"],
        ["crs_1", "i-1", "installationToken"],
        ["crs_1", undefined, "appToken"]
      ] as const) {
        const credential: Credential = {
          get: Effect.succeed({ value: Redacted.make(value) }),
          onRefused: () => Effect.succeed({ again: false, tried: "nothing" })
        }
        const { reason } = yield* Effect.flip(
          http.client({ operation: "Test.call", credential, installation }).get("/things")
        )
        assert.strictEqual(reason._tag, "Unauthorized")
        if (reason._tag === "Unauthorized") assert.strictEqual(reason.credential, expected)
      }
    }).pipe(Effect.provide(wireOver(layer)))
  })
})
