import { InstallError, InstallErrorKind } from "@effect-icr/webhooks/InstallError"
import { WebhookError, WebhookErrorKind } from "@effect-icr/webhooks/WebhookError"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"

const webhookErrors = WebhookErrorKind.literals.map((kind) => new WebhookError({ kind }))
const installErrors = InstallErrorKind.literals.map((kind) => new InstallError({ kind }))
const every = [...webhookErrors, ...installErrors]

describe("WebhookError and InstallError", () => {
  it("have one sentence for every kind, each another", () => {
    for (const { message } of every) {
      assert.match(message, /^\S[^\n]{20,250}\.$/)
      assert.notMatch(message, /undefined|\[object|\.\.$|\. [A-Z]/)
    }
    assert.strictEqual(new Set(every.map(({ message }) => message)).size, every.length)
  })

  it("are retryable exactly where the status says that the same request may work later", () => {
    for (const error of every) {
      assert.include([400, 403, 405, 408, 413, 415, 503], error.status)
      assert.strictEqual(error.isRetryable, error.status === 503 || error.status === 408, error.kind)
    }
  })

  it("survive JSON, so that a job queue can keep them", () => {
    const codec = Schema.toCodecJson(Schema.Union([WebhookError, InstallError]))
    for (const error of [...every, new WebhookError({ kind: "unknownShape", detail: "at a.b, expected a string" })]) {
      const text = JSON.stringify(Schema.encodeSync(codec)(error))
      const back = Schema.decodeUnknownSync(codec)(JSON.parse(text))
      assert.deepStrictEqual([back._tag, back.kind, back.message], [error._tag, error.kind, error.message])
    }
  })

  it.effect("are caught by their tags", () =>
    Effect.gen(function* () {
      for (const error of every) {
        const caught = yield* Effect.fail(error).pipe(
          Effect.catchTags({
            WebhookError: ({ kind }) => Effect.succeed(`webhook ${kind}`),
            InstallError: ({ kind }) => Effect.succeed(`install ${kind}`)
          })
        )
        assert.strictEqual(caught, `${error instanceof WebhookError ? "webhook" : "install"} ${error.kind}`)
      }
    })
  )
})
