import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { root } from "../support/run.ts"

/** The modules of `@effect-icr/webhooks` that a fresh process loads with a module of this package. */
const webhookModulesLoadedBy = (specifier: string) => {
  const script = `
    import { registerHooks } from "node:module"
    const urls = []
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) })
    await import(${JSON.stringify(specifier)})
    console.log(urls.filter((url) => url.includes("/packages/webhooks/")).join("\\n"))
  `
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: root,
    encoding: "utf8"
  })
  return printed.split("\n").filter((line) => line !== "")
}

describe("the optional peer @effect-icr/webhooks", () => {
  for (const module of ["RedisTokenStore", "ReconnectingRedis"]) {
    it(`is not loaded by ${module}`, () => {
      assert.deepStrictEqual(webhookModulesLoadedBy(`@effect-icr/redis/${module}`), [])
    })
  }

  for (const module of ["RedisInstallStates", "RedisWebhookDeduplication"]) {
    it(`is loaded by ${module}`, () => {
      assert.isNotEmpty(webhookModulesLoadedBy(`@effect-icr/redis/${module}`))
    })
  }
})
