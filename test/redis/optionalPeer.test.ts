import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { root } from "../support/run.ts"

/** The modules of an optional peer that a fresh process loads with a module of this package. */
const modulesLoadedBy = (specifier: string, peer: string) => {
  const script = `
    import { registerHooks } from "node:module"
    const urls = []
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) })
    await import(${JSON.stringify(specifier)})
    console.log(urls.filter((url) => url.includes("/packages/${peer}/")).join("\\n"))
  `
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: root,
    encoding: "utf8"
  })
  return printed.split("\n").filter((line) => line !== "")
}

for (const [peer, modules] of [
  ["webhooks", ["RedisInstallStates", "RedisWebhookDeduplication"]],
  ["registry", ["RedisReservationClaims"]]
] as const) {
  describe(`the optional peer @effect-icr/${peer}`, () => {
    for (const module of ["RedisTokenStore", "ReconnectingRedis"]) {
      it(`is not loaded by ${module}`, () => {
        assert.deepStrictEqual(modulesLoadedBy(`@effect-icr/redis/${module}`, peer), [])
      })
    }

    for (const module of modules) {
      it(`is loaded by ${module}`, () => {
        assert.isNotEmpty(modulesLoadedBy(`@effect-icr/redis/${module}`, peer))
      })
    }
  })
}
