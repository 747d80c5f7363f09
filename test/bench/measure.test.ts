import { assert, describe, it } from "@effect/vitest"
import { allocated, beside, counted, memory, more, time } from "./support/finding.ts"
import { clocks, compare, ratios, spread } from "./support/measure.ts"
import { checkLabels, inReadme, summary, table } from "./support/report.ts"

const timings = new Map([
  ["ours", [100, 300, 200, 100, 100, 100, 100]],
  ["peer", [200, 600, 400, 200, 100, 400, 200]]
])
const line = { row: 1, work: "a read" }

describe("the benchmark's arithmetic", () => {
  it("takes a ratio within each round, then its median and middle half", () => {
    assert.deepStrictEqual(ratios(timings, "ours", "peer"), [0.5, 0.5, 0.5, 0.5, 1, 0.25, 0.5])
    assert.deepStrictEqual(spread([4, 1, 3, 2, 5]), { median: 3, low: 2, high: 4 })
    assert.throws(() => ratios(timings, "ours", "nobody"), /nobody/)
  })

  it("says ok exactly up to the target, either way round", () => {
    const met = (target: Parameters<typeof beside>[0]["target"], ours = "ours", theirs = "peer") =>
      beside({ ...line, target }, timings, ours, theirs).met
    assert.isTrue(met({ atMost: 0.5 }))
    assert.isFalse(met({ atMost: 0.4 }))
    assert.isTrue(met({ fasterBy: 2 }))
    assert.isFalse(met({ fasterBy: 2.1 }))
    assert.isFalse(met({ fasterBy: 1 }, "peer", "ours"))
    assert.isUndefined(met(undefined))
  })

  it("calls what misses a target of being faster slower, by how much", () => {
    const result = (ours: string, theirs: string) =>
      beside({ ...line, target: { fasterBy: 1 } }, timings, ours, theirs).result
    assert.strictEqual(result("ours", "peer"), "2.00× (2.00–2.00) faster")
    assert.strictEqual(result("peer", "ours"), "2.00× (2.00–2.00) slower")
  })

  it("takes a difference within each round, in microseconds", () => {
    const micros = new Map([
      ["ours", [50_000, 90_000, 51_000]],
      ["peer", [20_000, 60_000, 20_000]]
    ])
    const of = (atMost: number) => more({ ...line, atMost }, micros, "ours", "peer")
    assert.include(of(30), { result: "30.0 µs (30.0–30.5) more", target: "≤ 30 µs more", met: true })
    assert.isFalse(of(29).met)
  })

  it("has a target on what is allocated, whatever the peer allocates", () => {
    const sizes = new Map([
      ["ours", [2048, 2048, 2048]],
      ["peer", [1024, 1024, 1024]]
    ])
    const of = (atMost?: number) =>
      allocated({ ...line, ...(atMost === undefined ? {} : { atMost }) }, sizes, "ours", "peer")
    assert.include(of(2), { ours: "2.00 KiB", theirs: "1.00 KiB", target: "≤ 2 KiB", met: true })
    assert.isFalse(of(1).met)
    assert.isUndefined(of().met)
    assert.strictEqual(memory(999), "999 B")
  })

  it("counts what is put on the heap, also what was collected since", () => {
    const kept: Array<ReadonlyArray<number>> = []
    const allocate = (megabytes: number) => {
      for (let index = 0; index < megabytes * 10; index++)
        kept[index % 10] = Array.from({ length: 12_500 }, () => index)
    }
    allocate(20)
    const before = clocks.allocation()
    allocate(40)
    const megabytes = clocks.allocation() - before
    assert.isAbove(megabytes, 40)
    assert.isBelow(megabytes, 120)
  })

  it("refuses two lines with the same label", () => {
    const one = beside(line, timings, "ours", "peer")
    assert.throws(() => checkLabels([one, one]), /row 1: a read beside peer/)
    checkLabels([one, { ...one, work: "another read" }])
  })

  it("counts as met only what is the same in every round", () => {
    const met = (counts: ReadonlyArray<number>) => counted({ ...line, by: "ours", wanted: 1 }, counts).met
    assert.isTrue(met([1, 1, 1]))
    assert.isFalse(met([1, 2, 1]))
  })

  it("writes what was missed under the table, and into the place the README keeps for it", () => {
    const findings = [beside({ ...line, target: { atMost: 0.4 } }, timings, "ours", "peer")]
    assert.include(table(findings), "**missed**")
    assert.strictEqual(summary(findings), "0 of 1 targets met; missed: row 1: a read beside peer")
    const run = { date: "2026-01-01", machine: "a machine", command: "pnpm bench", seconds: 1 }
    const text = "before\n<!-- table: written by `pnpm bench --readme` -->\nold\n<!-- end of the table -->\nafter"
    const written = inReadme(text, run, findings)
    assert.match(written, /^before\n[^]*2026-01-01, a machine, `pnpm bench` in 1 s\.[^]*\nafter$/)
    assert.notInclude(written, "old")
    assert.strictEqual(inReadme(written, run, findings), written)
    assert.throws(() => inReadme("no place", run, findings), /no place for the table/)
  })

  it("chooses the unit", () => {
    assert.deepStrictEqual([12, 1234, 123_456, 12_345_678, 2e9].map(time), [
      "12.0 ns",
      "1.23 µs",
      "123 µs",
      "12.3 ms",
      "2.00 s"
    ])
  })

  it("lets every contender work once a round, in an order that turns", async () => {
    const calls: Array<string> = []
    const contender = (name: string) => ({ name, run: () => calls.push(name) })
    const measured = await compare([contender("a"), contender("b"), contender("c")], { rounds: 7, millis: 0 })
    assert.deepStrictEqual(calls.slice(0, 9).join(""), "abcbcacab")
    assert.deepStrictEqual(
      [...measured].map(([name, samples]) => [name, samples.length]),
      [
        ["a", 7],
        ["b", 7],
        ["c", 7]
      ]
    )
  })
})
