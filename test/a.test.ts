import { assert, it } from "@effect/vitest"
it("a", () => assert.strictEqual(1, 1))
