import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { root } from "../support/run.ts"

const Manifest = Schema.fromJsonString(Schema.Struct({ exports: Schema.Record(Schema.String, Schema.String) }))
const exported = /^export (?:interface|type|class|const|function) (\w+)/gm
const statements = /^export (?:type )?(?:\{([^}]*)\}|\*(?: as \w+)?) from "([^"]+)"/gm
const helpers = new Set(["./extension", "./domain/lenient"])

/** What a package's modules export and its root does not. */
const missingIn = (name: string) => {
  const folder = path.join(root, "packages", name)
  const read = (file: string) => fs.readFileSync(path.join(folder, file), "utf8")
  const { exports } = Schema.decodeUnknownSync(Manifest)(read("package.json"))
  const rooted = [...read("src/index.ts").matchAll(statements)]
  return Object.entries(exports).flatMap(([subpath, file]) => {
    if (subpath === "." || helpers.has(subpath) || !file.endsWith(".ts")) return []
    const own = rooted.filter(([, , from = ""]) => path.posix.join("./src", from) === path.posix.normalize(file))
    if (own.some(([, list]) => list === undefined)) return []
    const listed = new Set(
      own.flatMap(([, list = ""]) => list.split(",").map((one) => one.trim().replace(/^type /, "")))
    )
    const isListed = (member: string) => [...listed].some((one) => one.split(" as ")[0] === member)
    return [...read(file).matchAll(exported)].flatMap(([, member = ""]) =>
      isListed(member) ? [] : [`${subpath}: ${member}`]
    )
  })
}

describe("the root exports what each module does, types too:", () => {
  for (const name of ["app", "webhooks", "registry", "redis", "testing"]) {
    it(`@effect-icr/${name}`, () => {
      assert.deepStrictEqual(missingIn(name), [])
    })
  }
})
