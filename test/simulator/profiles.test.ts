/** API versions, and the three readings of the documents. */
import { profiles } from "@effect-icr/simulator/Behaviour"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { body, call, callAsApp, errorOf, exchange } from "./support/calls.ts"

const simulator = Effect.provide(Simulator.layer)

describe("API versions", () => {
  it.effect(
    "an unsupported value is answered with 400, whatever the credential",
    Effect.fnUntraced(function* () {
      for (const path of ["/projects", "/app/installations"]) {
        assert.deepStrictEqual(
          yield* Effect.flatMap(call("GET", path, undefined, { "x-icr-api-version": "1" }), errorOf),
          {
            status: 400,
            message: "Unsupported API version"
          }
        )
      }
    }, simulator)
  )
  it.effect(
    "the header may be required, and more versions supported, by switch",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      yield* control.setBehaviour({ missingVersion: "refuse", apiVersions: ["2023-06-16", "2030-01-01"] })
      assert.strictEqual((yield* Effect.flatMap(callAsApp("GET", "/app/installations"), errorOf)).status, 400)
      const newer = callAsApp("GET", "/app/installations", { "x-icr-api-version": "2030-01-01" })
      assert.strictEqual((yield* newer).status, 200)
      yield* control.setBehaviour({ missingVersion: "oldest" })
      yield* callAsApp("GET", "/app/installations")
      yield* control.setBehaviour({ missingVersion: "newest" })
      yield* callAsApp("GET", "/app/installations")
      assert.deepStrictEqual(
        (yield* control.requestLog).map(({ apiVersion }) => apiVersion),
        [null, "2030-01-01", "2023-06-16", "2030-01-01"]
      )
    }, simulator)
  )
})

describe("the profiles", () => {
  it.effect(
    "strict answers 401 for a dead token, documented and observed 403",
    Effect.fnUntraced(function* () {
      const refused = Effect.fnUntraced(function* () {
        const versioned = { "x-icr-api-version": "2023-06-16" }
        const response = yield* call("GET", "/projects?limit=1&page=0", "crs_nobody", versioned)
        return (yield* errorOf(response)).status
      })
      assert.strictEqual(yield* refused().pipe(Effect.provide(Simulator.layerWith({ profile: "strict" }))), 401)
      assert.strictEqual(yield* refused().pipe(Effect.provide(Simulator.layerWith({ profile: "observed" }))), 403)
      assert.strictEqual(yield* refused().pipe(Effect.provide(Simulator.layer)), 403)
    })
  )
  it.effect(
    "observed shows data as real payloads look",
    Effect.fnUntraced(
      function* () {
        const Seen = Schema.Struct({
          installations: Schema.Array(
            Schema.Struct({
              permissions: Schema.Record(Schema.String, Schema.String),
              organization: Schema.Struct({
                organizationIndustries: Schema.Null,
                city: Schema.Literal(""),
                url: Schema.TemplateLiteral(["undefined/organizations/", Schema.String])
              })
            })
          )
        })
        const { installations } = yield* Effect.flatMap(callAsApp("GET", "/app/installations"), body(Seen))
        assert.deepStrictEqual(installations[0]?.permissions, { organization_info: "VIEW" })
      },
      Effect.provide(Simulator.layerWith({ profile: "observed" }))
    )
  )
  it.effect(
    "observed takes the JWT on /projects, as the sample of Generate a JWT sends it",
    Effect.fnUntraced(
      function* () {
        assert.strictEqual((yield* callAsApp("GET", "/projects")).status, 200)
        assert.strictEqual((yield* call("GET", "/projects", "a.b.c")).status, 401)
        assert.strictEqual((yield* call("GET", "/projects", yield* exchange())).status, 200)
      },
      Effect.provide(Simulator.layerWith({ profile: "observed" }))
    )
  )
  it("single switches win over the profile, and every profile sets every switch", () => {
    for (const profile of Object.values(profiles)) {
      assert.deepStrictEqual(Object.keys(profile).sort(), Object.keys(profiles.documented).sort())
    }
  })
})
