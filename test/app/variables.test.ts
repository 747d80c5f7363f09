/** The table of environment variables in the README. */
import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"

const names = (text: string) => text.match(/ICR_[A-Z_]*[A-Z]/g) ?? []

describe("the README's table of environment variables", () => {
  it("has every variable that the packages and the examples read, and no other", () => {
    const sources = globSync(["packages/*/src/**/*.ts", "examples/**/*.ts"]).flatMap((file) =>
      names(readFileSync(file, "utf8"))
    )
    const rows = readFileSync("README.md", "utf8")
      .split("\n")
      .filter((line) => line.startsWith("| `ICR_"))
    assert.deepStrictEqual(new Set(rows.flatMap((row) => names(row).slice(0, 1))), new Set(sources))
  })
})
