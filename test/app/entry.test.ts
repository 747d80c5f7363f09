/**
 * The pure state machine, by its table: every state × event. It is not public, but the table of decisions is the
 * specification of the cache, so it is read from its source here.
 */
import type { IcrError } from "@effect-icr/app/IcrError"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import * as Entry from "../../packages/app/src/cache/internal/entry.js"

/** Brought by exchange 5 at 0; refreshed from 100 on, waited for from 150 on, dead from 200 on. */
const token: Entry.Held<string> = {
  value: "t5",
  exchange: 5,
  stored: false,
  isOld: false,
  since: 0,
  refreshAt: 100,
  forcedRefreshAt: 150,
  until: 200,
  accepted: []
}
const holding: Entry.Entry<string> = { ...Entry.empty, held: token }

const result = Effect.runSync(Deferred.make<Entry.Exchanged<string>, IcrError>())
/** An exchange under way. */
const exchange = (number: number): Entry.Exchange<string> => ({ number, result, token: Effect.never })

/** What may be in an entry; the moment is part of the state. */
const states = {
  empty: [Entry.empty, 0],
  "empty, exchanging": [{ ...Entry.empty, exchange: exchange(6) }, 0],
  "invalidated, exchanging since before that": [{ ...Entry.empty, exchange: exchange(6), invalidatedUpTo: 6 }, 0],
  fresh: [holding, 99],
  "fresh, exchanging": [{ ...holding, exchange: exchange(6) }, 99],
  "from a store": [{ ...holding, held: { ...token, stored: true } }, 99],
  "in the refresh window": [holding, 100],
  "in the refresh window, exchanging": [{ ...holding, exchange: exchange(6) }, 100],
  "in the refresh window, backing off": [{ ...holding, backOff: { until: 101, failures: 1 } }, 100],
  "in the refresh window, backed off": [{ ...holding, backOff: { until: 100, failures: 1 } }, 100],
  "in the forced refresh window": [holding, 150],
  "in the forced refresh window, exchanging": [{ ...holding, exchange: exchange(6) }, 150],
  "in the forced refresh window, backing off": [{ ...holding, backOff: { until: 151, failures: 1 } }, 150],
  "in the forced refresh window, exchanging since before it was invalidated": [
    { ...holding, exchange: exchange(4), invalidatedUpTo: 4 },
    150
  ],
  dead: [holding, 200],
  "dead, exchanging": [{ ...holding, exchange: exchange(6) }, 200],
  "dead, backing off": [{ ...holding, backOff: { until: 300, failures: 1 } }, 200]
} as const satisfies Record<string, readonly [Entry.Entry<string>, number]>

type State = keyof typeof states

/** Who asks. Exchange 6 is the last begun. */
const callers = {
  any: Entry.anyToken,
  "for 60 ms": { minimumValidity: 60, after: 0 },
  forced: { minimumValidity: 0, after: 6 }
} as const

const show = (decision: Entry.Decision<string>) => {
  switch (decision._tag) {
    case "Serve":
    case "ServeAndRefresh":
      return decision._tag
    case "Exchange":
      return decision.fallback ? "Exchange or held" : "Exchange"
    case "Join":
      return decision.fallback ? "Join or held" : "Join"
    case "Queue":
      return "Queue"
  }
}

describe("the table of decisions", () => {
  const table: { readonly [S in State]: readonly [any: string, sixty: string, forced: string] } = {
    empty: ["Exchange", "Exchange", "Exchange"],
    "empty, exchanging": ["Join", "Join", "Queue"],
    "invalidated, exchanging since before that": ["Queue", "Queue", "Queue"],
    fresh: ["Serve", "Serve", "Exchange"],
    "fresh, exchanging": ["Serve", "Serve", "Queue"],
    "from a store": ["Serve", "Serve", "Exchange"],
    "in the refresh window": ["ServeAndRefresh", "ServeAndRefresh", "Exchange"],
    "in the refresh window, exchanging": ["Serve", "Serve", "Queue"],
    "in the refresh window, backing off": ["Serve", "Serve", "Exchange"],
    "in the refresh window, backed off": ["ServeAndRefresh", "ServeAndRefresh", "Exchange"],
    "in the forced refresh window": ["Exchange or held", "Exchange", "Exchange"],
    "in the forced refresh window, exchanging": ["Join or held", "Join", "Queue"],
    "in the forced refresh window, backing off": ["Serve", "Exchange", "Exchange"],
    "in the forced refresh window, exchanging since before it was invalidated": ["Queue", "Queue", "Queue"],
    dead: ["Exchange", "Exchange", "Exchange"],
    "dead, exchanging": ["Join", "Join", "Queue"],
    "dead, backing off": ["Exchange", "Exchange", "Exchange"]
  }
  for (const [state, expected] of Object.entries(table)) {
    it(`${state}: ${expected.join(" · ")}`, () => {
      const [entry, now] = states[state as State]
      assert.deepStrictEqual(
        [callers.any, callers["for 60 ms"], callers.forced].map((required) => show(Entry.decide(entry, now, required))),
        [...expected]
      )
    })
  }

  it("a forced caller joins an exchange begun after the call", () => {
    assert.deepStrictEqual(Entry.decide({ ...holding, exchange: exchange(7) }, 0, callers.forced), {
      _tag: "Join",
      exchange: exchange(7),
      fallback: false
    })
  })

  it("what a joined exchange brings from a store is enough only for callers who did not ask for more", () => {
    const stored = { value: "t", life: 50, stored: true }
    const fits = Object.values(callers).map((required) => Entry.isEnough(stored, required))
    assert.deepStrictEqual(fits, [true, false, false])
    assert.deepStrictEqual(
      Object.values(callers).map((required) => Entry.isEnough({ ...stored, stored: false }, required)),
      [true, true, true]
    )
  })
})

describe("the transitions", () => {
  const newer = { ...token, value: "t6", exchange: 6 }
  const older = { ...token, value: "t4", exchange: 4 }
  const retry = { first: 10, longest: 40 }

  for (const name of Object.keys(states)) {
    const [entry, now]: readonly [Entry.Entry<string>, number] = states[name as State]

    it(`${name} → an exchange begins: it is under way, nothing else changes`, () => {
      assert.deepStrictEqual(Entry.begun(entry, exchange(9)), { ...entry, exchange: exchange(9) })
    })

    it(`${name} → an exchange brings a token: kept unless outdated, and only that exchange ends`, () => {
      const after = Entry.exchanged(entry, newer)
      const isOutdated = entry.invalidatedUpTo >= 6
      assert.strictEqual(after.held?.value, isOutdated ? entry.held?.value : "t6")
      assert.strictEqual(after.exchange?.number, entry.exchange?.number === 6 ? undefined : entry.exchange?.number)
      if (!isOutdated) assert.strictEqual(after.backOff, undefined)
      assert.strictEqual(
        Entry.exchanged(entry, older).held?.value,
        entry.held?.value ?? (entry.invalidatedUpTo >= 4 ? undefined : "t4")
      )
    })

    it(`${name} → an exchange fails: a living token stays, and only then refreshes back off`, () => {
      const after = Entry.failed(entry, 6, now, retry)
      assert.strictEqual(after.held, entry.held)
      assert.strictEqual(after.exchange?.number, entry.exchange?.number === 6 ? undefined : entry.exchange?.number)
      const lives = entry.held !== undefined && now < 200
      const backsOff = entry.backOff !== undefined && now < entry.backOff.until
      if (!lives) assert.strictEqual(after.backOff, undefined)
      else if (backsOff) assert.strictEqual(after.backOff, entry.backOff)
      else {
        const failures = (entry.backOff?.failures ?? 0) + 1
        assert.deepStrictEqual(after.backOff, { until: now + 10 * 2 ** (failures - 1), failures })
      }
    })

    it(`${name} → a token is refused: that token is dropped and no other`, () => {
      assert.strictEqual(
        Entry.dropped(entry, (value) => value === "another"),
        entry
      )
      const after = Entry.dropped(entry, (value) => value === "t5")
      assert.strictEqual(after.held, undefined)
      assert.strictEqual(after.exchange, entry.exchange)
    })

    it(`${name} → invalidated: nothing is held, and no exchange begun so far brings anything`, () => {
      const after = Entry.invalidated(entry, 8)
      assert.strictEqual(after.held, undefined)
      assert.strictEqual(Entry.exchanged(after, newer).held, undefined)
      assert.strictEqual(Entry.exchanged(after, { ...newer, exchange: 9 }).held?.exchange, 9)
    })

    it(`${name} → invalidated elsewhere: a token that is not meant stays`, () => {
      assert.strictEqual(Entry.invalidatedIf(entry, 8, () => false).held, entry.held)
      assert.deepStrictEqual(
        Entry.invalidatedIf(entry, 8, () => true),
        Entry.invalidated(entry, 8)
      )
    })
  }

  it("the retry interval doubles up to the longest, and a token that arrives ends it", () => {
    let entry = holding
    const intervals: Array<number> = []
    let now = 0
    for (let i = 0; i < 5; i++) {
      entry = Entry.failed(Entry.begun(entry, exchange(6 + i)), 6 + i, now, retry)
      intervals.push((entry.backOff?.until ?? 0) - now)
      now = entry.backOff?.until ?? 0
    }
    assert.deepStrictEqual(intervals, [10, 20, 40, 40, 40])
    assert.strictEqual(Entry.exchanged(entry, { ...newer, exchange: 12 }).backOff, undefined)
  })

  it("after very many failures the retry interval is still the longest", () => {
    const tired = { ...holding, backOff: { until: 0, failures: 5000 } }
    assert.strictEqual(Entry.failed(tired, 6, 50, retry).backOff?.until, 90)
  })
})

describe("refusals that say nothing about the token", () => {
  const minutes = 60_000
  const at = Entry.rested(holding, "/a", "Forbidden", 0)

  it("rest for one path and one kind, for 5 minutes", () => {
    assert.isTrue(Entry.isResting(at, "/a", "Forbidden", 5 * minutes - 1))
    assert.isFalse(Entry.isResting(at, "/a", "Forbidden", 5 * minutes))
    assert.isFalse(Entry.isResting(at, "/b", "Forbidden", 0))
    assert.isFalse(Entry.isResting(at, "/a", "Unauthorized", 0))
  })

  it("rest for 10 seconds when the token is unauthorized, and twice as long each time, 5 minutes at most", () => {
    const seconds = 1000
    let entry = Entry.rested(holding, "/a", "Unauthorized", 0)
    const lengths = [10, 20, 40, 80, 160, 300, 300]
    let now = 0
    for (const length of lengths) {
      assert.isTrue(Entry.isResting(entry, "/a", "Unauthorized", now + length * seconds - 1))
      now += length * seconds
      assert.isFalse(Entry.isResting(entry, "/a", "Unauthorized", now))
      entry = Entry.rested(entry, "/a", "Unauthorized", now)
    }
    const later = Entry.rested(entry, "/a", "Unauthorized", now + 60 * minutes)
    assert.isFalse(Entry.isResting(later, "/a", "Unauthorized", now + 60 * minutes + 10 * seconds))
  })

  it("are bounded: the newest rest, and those that are over go", () => {
    let entry = at
    for (let n = 0; n < 1000; n++) entry = Entry.rested(entry, `/${n}`, "Forbidden", 1)
    assert.strictEqual(entry.rests.length, 32)
    assert.isTrue(Entry.isResting(entry, "/999", "Forbidden", 1))
    assert.strictEqual(Entry.rested(entry, "/a", "Forbidden", 6 * minutes).rests.length, 1)
  })

  it("end when the path accepts the token; nothing else changes an entry that is not new", () => {
    assert.strictEqual(Entry.accepted(at, "/b", "Forbidden", false), at)
    assert.strictEqual(Entry.accepted(at, "/a", "Unauthorized", false), at)
    assert.deepStrictEqual(Entry.accepted(at, "/a", "Forbidden", false), holding)
  })

  it("are told by where a new token was accepted, each path once and boundedly", () => {
    const known = Entry.accepted(holding, "/a", "Unauthorized", true)
    assert.deepStrictEqual(known.held?.accepted, ["/a"])
    assert.strictEqual(Entry.accepted(known, "/a", "Unauthorized", true), known)
    let entry = known
    for (let n = 0; n < 1000; n++) entry = Entry.accepted(entry, `/${n}`, "Unauthorized", true)
    assert.strictEqual(entry.held?.accepted.length, 32)
  })
})

describe("the windows of a token", () => {
  const windows = { refresh: 300, forced: 30 }
  const at = (life: number, jitter = 0, given: Entry.Windows = windows) => {
    const held = Entry.hold({ value: "t", life, stored: false }, 1, 1000, given, jitter)
    return [held.refreshAt - 1000, held.forcedRefreshAt - 1000, held.until - 1000]
  }
  for (const [name, got, expected] of [
    ["as given, for a long life", at(7200), [6900, 7170, 7200]],
    ["jitter makes the refresh window up to a fifth shorter", at(7200, 1), [6960, 7170, 7200]],
    ["at most half and a quarter of a short life", at(40), [20, 30, 40]],
    ["both 0", at(7200, 0, { refresh: 0, forced: 0 }), [7200, 7200, 7200]],
    [
      "a forced refresh window longer than the refresh window counts",
      at(7200, 0, { refresh: 0, forced: 30 }),
      [7170, 7170, 7200]
    ]
  ] as const) {
    it(name, () => assert.deepStrictEqual([...got], [...expected]))
  }
})
