/** Which slots are kept: by random use, beside a list that is sorted at every step. */
import { assert, describe, it } from "@effect/vitest"
import * as Slot from "../../packages/app/src/internal/slot.js"
import * as Table from "../../packages/app/src/internal/table.js"

const holding = (value: string): Slot.Slot<string> => ({
  ...Slot.empty,
  held: Slot.hold({ value, life: 100, stored: false }, 1, 0, { soft: 10, hard: 5 }, 0)
})

/** Numbers from 0 up to `below`, the same ones in every run. */
const draws = (seed: number) => {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe("the table of slots", () => {
  for (const capacity of [0, 1, 2, 7, 50]) {
    it(`keeps the ${capacity} used last, and every flight`, () => {
      const table = Table.make<string>(capacity)
      const draw = draws(capacity + 1)
      // From the least to the most recently used.
      let resting: ReadonlyArray<readonly [key: string, value: string]> = []
      let flying: ReadonlyArray<string> = []
      for (let step = 0; step < 20_000; step++) {
        const key = `key-${draw(2 * capacity + 3)}`
        const without = resting.filter(([name]) => name !== key)
        const found = resting.find(([name]) => name === key)
        switch (draw(8)) {
          case 0:
            Table.forget(table, key)
            resting = without
            flying = flying.filter((name) => name !== key)
            break
          case 1:
            Table.put(table, key, Slot.began(Table.get(table, key), 7))
            resting = without
            flying = [...flying.filter((name) => name !== key), key]
            break
          case 2:
          case 3:
            Table.put(table, key, holding(`value-${step}`))
            resting = [...without, [key, `value-${step}`]]
            flying = flying.filter((name) => name !== key)
            break
          default: {
            const value = Table.freshAt(table, Table.use(table, key), 89)
            assert.strictEqual(value, found?.[1])
            if (found !== undefined) resting = [...without, found]
          }
        }
        const over = resting.length + flying.length - capacity
        if (over > 0) resting = resting.slice(Math.min(over, resting.length))
        assert.deepStrictEqual([...table.resting.keys()].toSorted(), resting.map(([name]) => name).toSorted())
        assert.deepStrictEqual([...table.flying.keys()].toSorted(), flying.toSorted())
        if (step % 100 !== 0) continue
        for (const [name, value] of resting) assert.strictEqual(Table.get(table, name).held?.value, value)
      }
    })
  }

  it("from its soft window on a token is not handed out without a thought", () => {
    const table = Table.make<string>(1)
    Table.put(table, "key", holding("value"))
    const place = Table.use(table, "key")
    assert.deepStrictEqual([Table.freshAt(table, place, 89), Table.freshAt(table, place, 90)], ["value", undefined])
    assert.strictEqual(Table.freshAt(table, Table.use(table, "another"), 0), undefined)
  })

  it("places are used again", () => {
    const table = Table.make<string>(3)
    for (let step = 0; step < 1000; step++) Table.put(table, `key-${step}`, holding("value"))
    assert.isAtMost(table.keys.length, 5)
    assert.deepStrictEqual([...table.resting.keys()], ["key-997", "key-998", "key-999"])
  })
})
