import { IcrApp } from "@effect-icr/app/IcrApp"
import { notDone } from "@effect-icr/app/IcrError"
import * as TestRegistry from "@effect-icr/testing/TestRegistry"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { appLayer, makeFake, sent } from "./support/fake.ts"

const options = {
  user: { email: "jane@example.com", fullName: undefined },
  organization: { fullName: "Jane's", type: "other" }
}
const create = Effect.flatMap(IcrApp, ({ createOrganization }) => createOrganization(options))

describe("a new organization", () => {
  it.effect("is made with its user, and the app is installed on it", () => {
    const fake = makeFake()
    fake.answer = () => ({ status: 201, body: { installation: { id: "i-1", more: 1 }, user: {} } })
    return Effect.gen(function* () {
      assert.strictEqual(yield* create, "i-1")
      assert.deepStrictEqual(sent(fake), [
        `POST /app/create/user/organization {"user":{"email":"jane@example.com"},"organization":{"fullName":"Jane's","type":"other"}}`
      ])
    }).pipe(Effect.provide(appLayer(fake)))
  })

  it.effect("is there afterwards, as JSON in UTF-8 made it", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const id = yield* app.createOrganization({ ...options, organization: { fullName: "Þór's 🌱", type: "other" } })
      const { organization } = yield* app.installation(id)
      assert.strictEqual(organization.fullName, "Þór's 🌱")
    }).pipe(Effect.provide(TestRegistry.layer))
  )

  it.effect("is sent once, and may have been made where the answer cannot be read or is lost", () =>
    Effect.forEach([{ status: 503 }, { status: 201 }, { status: 201, body: { id: "no installation" } }], (answer) => {
      const fake = makeFake()
      fake.answer = () => answer
      return Effect.gen(function* () {
        const error = yield* Effect.flip(create)
        assert.isTrue(error.mayHaveHappened)
        assert.strictEqual(fake.seen.length, 1)
      }).pipe(Effect.provide(appLayer(fake, {})))
    })
  )
})

describe("an error of a write that is known by now not to have been done", () => {
  it.effect("says so in its message and its flag, and has the same reason", () => {
    const fake = makeFake()
    fake.answer = () => ({ status: 503 })
    return Effect.gen(function* () {
      const error = yield* Effect.flip(create)

      const certain = notDone(error)
      assert.isFalse(certain.mayHaveHappened)
      assert.include(error.message, "it may have been done")
      assert.notInclude(certain.message, "it may have been done")
      assert.strictEqual(certain.reason._tag, error.reason._tag)
    }).pipe(Effect.provide(appLayer(fake)))
  })
})
