/** Plain JavaScript gives options and actions values of any type. They fail with `SimulatorError`, never as a defect. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import type { SimulatorError } from "@effect-icr/simulator/SimulatorError"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { callAsApp } from "./support/calls.ts"

/** A value whose type TypeScript would refuse. */
const plain = (value: unknown): never => value as never

const simulator = Effect.provide(Simulator.layer)

/** The message of the error that building the layer fails with. */
const refusal = (options: Parameters<typeof Simulator.layerWith>[0]) =>
  Effect.map(Effect.flip(Effect.scoped(Layer.build(Simulator.layerWith(options)))), ({ _tag, message }) => {
    assert.strictEqual(_tag, "SimulatorError")
    return message
  })

/** What is no duration. Effect reads the last six as zero. */
const noDurations: ReadonlyArray<unknown> = [
  "soon",
  "",
  "5 parsecs",
  "2h",
  null,
  true,
  [],
  [1, 2, 3],
  Symbol("2 hours"),
  () => "2 hours",
  Number.NaN,
  [Number.NaN, 0],
  {},
  { hour: 2 },
  { hours: Number.NaN },
  new Date(0)
]

describe("a duration", () => {
  const describeInput = (value: unknown) => (typeof value === "string" ? JSON.stringify(value) : String(value))

  it.effect(
    "that is none is refused under its name",
    Effect.fnUntraced(function* () {
      const { control, ...service } = yield* Simulator
      const [organizationId = ""] = yield* service.organizationIds
      for (const value of noDurations) {
        const attempts: ReadonlyArray<readonly [string, Effect.Effect<unknown, SimulatorError>]> = [
          ["skewClock", Effect.suspend(() => control.skewClock(plain(value)))],
          ["life", Effect.suspend(() => control.createUserToken({ life: plain(value) }))],
          [
            "life",
            Effect.suspend(() =>
              control.createOrganizationToken({ organizationId, permissions: {}, life: plain(value) })
            )
          ]
        ]
        for (const [name, attempt] of attempts) {
          assert.match(
            (yield* Effect.flip(attempt)).message,
            new RegExp(`^${name} is not a duration`),
            describeInput(value)
          )
        }
        assert.match(yield* refusal({ tokenLife: plain(value) }), /^tokenLife is not a duration/, describeInput(value))
      }
      assert.strictEqual((yield* control.tokens).length, 0)
      assert.strictEqual((yield* callAsApp("GET", "/app/installations")).status, 200)
    }, simulator)
  )

  it.effect(
    "is taken in every form that Effect takes",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const inputs: ReadonlyArray<Duration.Input> = [
        "2 hours",
        "120 minutes",
        7_200_000,
        7_200_000_000_000n,
        [7_200, 0],
        { hours: 2 },
        { hours: 1, minutes: 60 },
        Duration.hours(2)
      ]
      for (const input of inputs) {
        yield* control.skewClock(input)
        yield* control.createUserToken({ life: input })
        yield* Effect.scoped(Layer.build(Simulator.layerWith({ tokenLife: input })))
      }
      assert.strictEqual((yield* control.tokens).length, inputs.length)
    }, simulator)
  )
})

describe("options", () => {
  for (const [name, message, values] of [
    ["profile", /^profile: /, ["nope", 5, "toString"]],
    ["appNameId", /^appNameId: /, [5, "", {}]],
    ["controlToken", /^controlToken: /, [5, "", {}]],
    ["callbackUrls", /^callback URL/, ["http://localhost", 5, {}, [5]]],
    ["webhookUrl", /^webhook URL: /, [5, {}, ""]],
    ["privateKey", /^privateKey is not /, [5, {}, ""]]
  ] as const)
    it.effect(
      `of a wrong type are refused by name: ${name}`,
      Effect.fnUntraced(function* () {
        for (const value of values) assert.match(yield* refusal({ [name]: plain(value) }), message)
      })
    )
})

describe("actions", () => {
  it.effect(
    "of a wrong argument never die, and the registry goes on answering",
    Effect.fnUntraced(function* () {
      const { control, ...service } = yield* Simulator
      const [id = ""] = yield* service.installationIds
      const { faults, webhooks } = control
      for (const value of [null, 5, "x", true, [null], { permissions: 5 }].map(plain)) {
        const attempts: ReadonlyArray<readonly [string, () => Effect.Effect<unknown, SimulatorError>]> = [
          ["install", () => control.install(value)],
          ["createOrganizationToken", () => control.createOrganizationToken(value)],
          ["setPermissions", () => control.setPermissions(id, value)],
          ["requestPermissions", () => control.requestPermissions(value)],
          ["setCallbackUrls", () => control.setCallbackUrls(value)],
          ["addPublicKey", () => control.addPublicKey(value)],
          ["setTarget", () => webhooks.setTarget(value)],
          ["transaction", () => webhooks.transaction(id, value)],
          ["transaction's tampering", () => webhooks.transaction(id, {}, value)],
          ["send's tampering", () => webhooks.send(id, "event", value)],
          ["redeliver", () => webhooks.redeliver(value)],
          ["script", () => faults.script("*", value)],
          ["script's route", () => faults.script(value, ["pass"])],
          ["probability", () => faults.probability("*", 1, value)],
          ["probability's route", () => faults.probability(value, 1, { _tag: "Reset" })]
        ]
        for (const [name, attempt] of attempts) {
          const error = yield* Effect.flip(Effect.suspend(attempt)).pipe(
            Effect.catchCause((cause) => Effect.die(`${name}(${JSON.stringify(value)}): ${cause.toString()}`))
          )
          assert.strictEqual(error._tag, "SimulatorError", name)
        }
      }
      for (const value of [null, 5, "", {}].map(plain)) {
        assert.strictEqual((yield* Effect.flip(control.createApp(value)))._tag, "SimulatorError")
        assert.strictEqual((yield* Effect.flip(webhooks.send(id, value)))._tag, "SimulatorError")
      }
      assert.deepStrictEqual(yield* faults.pending, 0)
      assert.strictEqual((yield* callAsApp("GET", "/app/installations")).status, 200)
    }, simulator)
  )
})
