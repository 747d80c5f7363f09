/**
 * The pure state machine, by its table: every state × event. It is not public, but the table of decisions is the
 * specification of the cache, so it is read from its source here.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Slot from "../../packages/app/src/internal/slot.js"

/** Minted by flight 5 at 0, soft from 100, hard from 150, dead from 200. */
const token: Slot.Held<string> = {
  value: "t5",
  flight: 5,
  stored: false,
  since: 0,
  softAt: 100,
  hardAt: 150,
  until: 200
}
const holding: Slot.Slot<string> = { ...Slot.empty, held: token }

/** What may be in a slot; the moment is part of the state. */
const states = {
  empty: [Slot.empty, 0],
  "empty, flying": [{ ...Slot.empty, flight: 6 }, 0],
  "emptied, flying before that": [{ ...Slot.empty, flight: 6, floor: 6 }, 0],
  fresh: [holding, 99],
  "fresh, flying": [{ ...holding, flight: 6 }, 99],
  "from a store": [{ ...holding, held: { ...token, stored: true } }, 99],
  soft: [holding, 100],
  "soft, flying": [{ ...holding, flight: 6 }, 100],
  "soft, resting": [{ ...holding, pause: { until: 101, failures: 1 } }, 100],
  "soft, rested": [{ ...holding, pause: { until: 100, failures: 1 } }, 100],
  hard: [holding, 150],
  "hard, flying": [{ ...holding, flight: 6 }, 150],
  "hard, resting": [{ ...holding, pause: { until: 151, failures: 1 } }, 150],
  "hard, emptied flight": [{ ...holding, flight: 4, floor: 4 }, 150],
  dead: [holding, 200],
  "dead, flying": [{ ...holding, flight: 6 }, 200],
  "dead, resting": [{ ...holding, pause: { until: 300, failures: 1 } }, 200]
} as const satisfies Record<string, readonly [Slot.Slot<string>, number]>

type State = keyof typeof states

/** Who asks. Flight 6 is the last begun. */
const asks = {
  any: Slot.anyToken,
  "for 60 ms": { minimumValidity: 60, after: 0 },
  forced: { minimumValidity: 0, after: 6 }
} as const

const show = (decision: Slot.Decision<string>) => {
  switch (decision._tag) {
    case "Serve":
    case "ServeAndRefresh":
      return decision._tag
    case "Mint":
      return decision.fallback ? "Mint or held" : "Mint"
    case "Join":
      return decision.fallback ? "Join or held" : "Join"
    case "Queue":
      return "Queue"
  }
}

describe("the table of decisions", () => {
  const table: { readonly [S in State]: readonly [any: string, sixty: string, forced: string] } = {
    empty: ["Mint", "Mint", "Mint"],
    "empty, flying": ["Join", "Join", "Queue"],
    "emptied, flying before that": ["Queue", "Queue", "Queue"],
    fresh: ["Serve", "Serve", "Mint"],
    "fresh, flying": ["Serve", "Serve", "Queue"],
    "from a store": ["Serve", "Serve", "Mint"],
    soft: ["ServeAndRefresh", "ServeAndRefresh", "Mint"],
    "soft, flying": ["Serve", "Serve", "Queue"],
    "soft, resting": ["Serve", "Serve", "Mint"],
    "soft, rested": ["ServeAndRefresh", "ServeAndRefresh", "Mint"],
    hard: ["Mint or held", "Mint", "Mint"],
    "hard, flying": ["Join or held", "Join", "Queue"],
    "hard, resting": ["Serve", "Mint", "Mint"],
    "hard, emptied flight": ["Queue", "Queue", "Queue"],
    dead: ["Mint", "Mint", "Mint"],
    "dead, flying": ["Join", "Join", "Queue"],
    "dead, resting": ["Mint", "Mint", "Mint"]
  }
  for (const [state, expected] of Object.entries(table)) {
    it(`${state}: ${expected.join(" · ")}`, () => {
      const [slot, now] = states[state as State]
      assert.deepStrictEqual(
        [asks.any, asks["for 60 ms"], asks.forced].map((ask) => show(Slot.decide(slot, now, ask))),
        [...expected]
      )
    })
  }

  it("up to `freshUntil` any caller who wants any token is served, whatever else there is", () => {
    const { minimumValidity } = asks.any
    const served = Object.entries(states).flatMap(([state, [slot, now]]) =>
      now < Slot.freshUntil(slot) ? [`${state}: ${show(Slot.decide(slot, now, { minimumValidity, after: 0 }))}`] : []
    )
    assert.deepStrictEqual(served, ["fresh: Serve", "fresh, flying: Serve", "from a store: Serve"])
  })

  it("a forced caller joins a flight begun after the call", () => {
    assert.deepStrictEqual(Slot.decide({ ...holding, flight: 7 }, 0, asks.forced), {
      _tag: "Join",
      flight: 7,
      fallback: false
    })
  })

  it("what a joined flight brings from a store is enough only for those who did not ask for more", () => {
    const stored = { value: "t", life: 50, stored: true }
    const fits = Object.values(asks).map((ask) => Slot.isEnough(stored, ask))
    assert.deepStrictEqual(fits, [true, false, false])
    assert.deepStrictEqual(
      Object.values(asks).map((ask) => Slot.isEnough({ ...stored, stored: false }, ask)),
      [true, true, true]
    )
  })
})

describe("the transitions", () => {
  const newer = { ...token, value: "t6", flight: 6 }
  const older = { ...token, value: "t4", flight: 4 }
  const pause = { first: 10, longest: 40 }

  for (const name of Object.keys(states)) {
    const [slot, now] = states[name as State]

    it(`${name} → begun: the flight is under way, nothing else changes`, () => {
      assert.deepStrictEqual(Slot.began(slot, 9), { ...slot, flight: 9 })
    })

    it(`${name} → landed: kept unless outdated, and only its own flight ends`, () => {
      const after = Slot.landed(slot, newer)
      const outdated = slot.floor >= 6
      assert.strictEqual(after.held?.value, outdated ? slot.held?.value : "t6")
      assert.strictEqual(after.flight, slot.flight === 6 ? undefined : slot.flight)
      if (!outdated) assert.strictEqual(after.pause, undefined)
      assert.strictEqual(Slot.landed(slot, older).held?.value, slot.held?.value ?? (slot.floor >= 4 ? undefined : "t4"))
    })

    it(`${name} → failed: a living token stays, and only then there is a pause`, () => {
      const after = Slot.failed(slot, 6, now, pause)
      assert.strictEqual(after.held, slot.held)
      assert.strictEqual(after.flight, slot.flight === 6 ? undefined : slot.flight)
      const lives = slot.held !== undefined && now < 200
      const rests = slot.pause !== undefined && now < slot.pause.until
      if (!lives) assert.strictEqual(after.pause, undefined)
      else if (rests) assert.strictEqual(after.pause, slot.pause)
      else {
        const failures = (slot.pause?.failures ?? 0) + 1
        assert.deepStrictEqual(after.pause, { until: now + 10 * 2 ** (failures - 1), failures })
      }
    })

    it(`${name} → refused: drops that token and no other`, () => {
      assert.strictEqual(
        Slot.refused(slot, (value) => value === "another"),
        slot
      )
      const after = Slot.refused(slot, (value) => value === "t5")
      assert.strictEqual(after.held, undefined)
      assert.strictEqual(after.flight, slot.flight)
      assert.strictEqual(after.refused, slot.held?.value)
    })

    it(`${name} → emptied: nothing is held, and no flight so far brings anything`, () => {
      const after = Slot.emptied(slot, 8)
      assert.strictEqual(after.held, undefined)
      assert.strictEqual(Slot.landed(after, newer).held, undefined)
      assert.strictEqual(Slot.landed(after, { ...newer, flight: 9 }).held?.flight, 9)
    })
  }

  it("pauses double up to the longest, and a token that lands ends them", () => {
    let slot = holding
    const rests: Array<number> = []
    let now = 0
    for (let i = 0; i < 5; i++) {
      slot = Slot.failed(Slot.began(slot, 6 + i), 6 + i, now, pause)
      rests.push((slot.pause?.until ?? 0) - now)
      now = slot.pause?.until ?? 0
    }
    assert.deepStrictEqual(rests, [10, 20, 40, 40, 40])
    assert.strictEqual(Slot.landed(slot, { ...newer, flight: 12 }).pause, undefined)
  })

  it("after very many failures the pause is still the longest", () => {
    const tired = { ...holding, pause: { until: 0, failures: 5000 } }
    assert.strictEqual(Slot.failed(tired, 6, 50, pause).pause?.until, 90)
  })
})

describe("the windows of a token", () => {
  const windows = { soft: 300, hard: 30 }
  const at = (life: number, draw = 0, given: Slot.Windows = windows) => {
    const { hardAt, softAt, until } = Slot.hold({ value: "t", life, stored: false }, 1, 1000, given, draw)
    return [softAt - 1000, hardAt - 1000, until - 1000]
  }
  for (const [name, got, expected] of [
    ["as given, for a long life", at(7200), [6900, 7170, 7200]],
    ["jitter makes the soft one up to a fifth shorter", at(7200, 1), [6960, 7170, 7200]],
    ["at most half and a quarter of a short life", at(40), [20, 30, 40]],
    ["both 0", at(7200, 0, { soft: 0, hard: 0 }), [7200, 7200, 7200]],
    ["a hard one longer than the soft one counts", at(7200, 0, { soft: 0, hard: 30 }), [7170, 7170, 7200]]
  ] as const) {
    it(name, () => assert.deepStrictEqual([...got], [...expected]))
  }
})
