/** Which slots are kept: by random use, beside a list that is sorted at every step. */
import { assert, describe, it } from "@effect/vitest"
import * as Places from "../../packages/app/src/internal/places.js"
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

const keysOf = ({ resting }: Table.Table<string>) => resting.keys.filter((key) => key !== "").toSorted()

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
        assert.deepStrictEqual(keysOf(table), resting.map(([name]) => name).toSorted())
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
    assert.isAtMost(table.resting.keys.length, 5)
    assert.deepStrictEqual(keysOf(table), ["key-997", "key-998", "key-999"])
  })
})

/** Counts how often the cells are read. */
const counted = (places: Places.Places) => {
  let reads = 0
  const cells = new Proxy(places.cells, {
    get: (target, name) => {
      if (name !== "length") reads++
      return Reflect.get(target, name, target)
    }
  })
  return { places: { ...places, cells }, reads: () => reads }
}

describe("among 100,000 keys one is found in a few steps:", () => {
  const many = 100_000
  const draw = draws(1)
  const hex = (digits: number) => Array.from({ length: digits }, () => draw(16).toString(16)).join("")
  const kinds: Readonly<Record<string, (index: number) => string>> = {
    "numbers in a row": (index) => String(index + 1),
    "numbers of many digits": (index) => String(9_000_000_000_000 + index * 1000),
    "a common beginning": (index) => `an-organization-with-a-long-name/${index}`,
    "a common end": (index) => `${index}/an-organization-with-a-long-name`,
    "random ids": () => [8, 4, 4, 4, 12].map(hex).join("-")
  }
  for (const [kind, keyOf] of Object.entries(kinds)) {
    it(kind, () => {
      const filled = Places.make()
      const keys = Array.from({ length: many }, (_, index) => keyOf(index))
      // One that comes and goes for each that stays: those that are gone must not stand in the way.
      for (const key of keys) {
        Places.add(filled, `${key}!`)
        Places.add(filled, key)
        Places.remove(filled, `${key}!`)
      }
      const { places, reads } = counted(filled)
      let most = 0
      for (const [index, key] of keys.entries()) {
        const before = reads()
        assert.strictEqual(places.keys[Places.get(places, key)], key, `key ${index}`)
        most = Math.max(most, reads() - before)
      }
      assert.isBelow(reads() / many, 6)
      assert.isBelow(most, 250)
      assert.strictEqual(Places.get(places, "none of them"), 0)
    })
  }
})
