/** Which entries are kept: by random use, beside a list that is sorted at every step; and what looking for them costs. */
import type { IcrError } from "@effect-icr/app/IcrError"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, HashMap, HashSet } from "effect"
import * as Entries from "../../packages/app/src/cache/internal/entries.js"
import * as Entry from "../../packages/app/src/cache/internal/entry.js"

const minute = 60_000

/** A token that ends at a moment. */
const holding = (value: string, until: number): Entry.Entry<string> => ({
  ...Entry.empty,
  held: Entry.hold({ value, life: until, stored: false }, 1, 0, { refresh: 10, forced: 5 }, 0)
})

const exchange: Entry.Exchange<string> = {
  number: 7,
  result: Effect.runSync(Deferred.make<Entry.Exchanged<string>, IcrError>()),
  token: Effect.never
}

/** Numbers from 0 up to `below`, the same ones in every run. */
const draws = (seed: number) => {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const sorted = (keys: Iterable<string>) => [...keys].toSorted()

describe("the entries of a cache", () => {
  for (const capacity of [0, 1, 2, 7, 50]) {
    it(`with room for ${capacity} are those that end last, and all with an exchange under way`, () => {
      const draw = draws(capacity + 1)
      let entries = Entries.make<string>()
      let resting: ReadonlyArray<{ readonly key: string; readonly until: number }> = []
      let exchanging: Array<string> = []
      for (let step = 1; step <= 20_000; step++) {
        const key = `key-${draw(2 * capacity + 3)}`
        let evicted = 0
        const put = (entry: Entry.Entry<string>) => {
          const after = Entries.put(entries, key, entry, capacity)
          entries = after.entries
          evicted = after.evicted
          resting = resting.filter((one) => one.key !== key)
          exchanging = exchanging.filter((name) => name !== key)
        }
        switch (draw(4)) {
          case 0:
            put(Entry.empty)
            break
          case 1:
            put(Entry.begun(Entries.get(entries, key), exchange))
            exchanging.push(key)
            break
          default: {
            // No two end in the same minute.
            const until = (20_000 * (1 + draw(1000)) + step) * minute
            put(holding(`value-${step}`, until))
            resting = [...resting, { key, until }].toSorted((one, other) => one.until - other.until)
          }
        }
        const over = Math.max(0, resting.length - capacity)
        resting = resting.slice(over)
        assert.strictEqual(evicted, over)
        assert.deepStrictEqual(sorted(HashMap.keys(entries.resting)), sorted(resting.map((one) => one.key)))
        assert.deepStrictEqual(sorted(HashMap.keys(entries.exchanging)), sorted(exchanging))
        assert.deepStrictEqual(
          sorted(Array.from(HashMap.values(entries.byEnd), (keys) => Array.from(keys)).flat()),
          sorted(HashMap.keys(entries.resting))
        )
        if (step % 100 !== 0) continue
        for (const { key, until } of resting) assert.strictEqual(Entries.get(entries, key).held?.until, until)
      }
    })
  }

  it("that hold nothing go first", () => {
    const trusted = Entry.rested<string>(Entry.empty, "/", "Forbidden", 0)
    const { entries } = Entries.put(Entries.make<string>(), "holds a token", holding("value", minute), 2)
    const both = Entries.put(entries, "holds none", trusted, 2).entries
    const { resting } = Entries.put(both, "holds another", holding("value", 2 * minute), 2).entries
    assert.deepStrictEqual(sorted(HashMap.keys(resting)), ["holds a token", "holds another"])
  })

  it("leave nothing behind when they are gone", () => {
    let entries = Entries.make<string>()
    for (let index = 0; index < 1000; index++) {
      entries = Entries.put(entries, `key-${index % 7}`, holding("value", index * minute), 5).entries
    }
    for (let index = 0; index < 7; index++) entries = Entries.put(entries, `key-${index}`, Entry.empty, 5).entries
    assert.deepStrictEqual(
      [HashMap.size(entries.resting), HashMap.size(entries.exchanging), HashMap.size(entries.byEnd)],
      [0, 0, 0]
    )
  })
})

describe("one entry more than a capacity of 10,000", () => {
  const capacity = 10_000

  it("evicts one of them, and looks at two at the most to find it", () => {
    let looks = 0
    const draw = draws(1)
    let entries = Entries.make<string>()
    for (let index = 0; index < capacity; index++) {
      // As after a storm: 2 h of life each.
      const counting = new Proxy(holding("value", 1 + draw(120 * minute)), {
        get: (target, name) => {
          if (name === "held") looks++
          return Reflect.get(target, name, target)
        }
      })
      entries = Entries.put(entries, `installation-${index}`, counting, capacity).entries
    }
    looks = 0
    for (let index = 1; index <= 100; index++) {
      const after = Entries.put(entries, `one-more-${index}`, holding("value", 121 * minute), capacity)
      entries = after.entries
      assert.strictEqual(after.evicted, 1)
      assert.isAtMost(looks, 2 * index)
    }
    assert.strictEqual(HashMap.size(entries.resting), capacity)
    // What is looked through instead.
    assert.isAtMost(HashMap.size(entries.byEnd), 121)
    assert.strictEqual(
      [...HashMap.values(entries.byEnd)].reduce((sum, keys) => sum + HashSet.size(keys), 0),
      capacity
    )
  })
})
