/**
 * Row 4: one installation over HTTP, authorised and decoded, 1 and 64 at a time, the server and each contender in a process
 * of its own: in memory, beside the simulator, and over a network of 30 ms.
 */
import type { Row } from "../rows.ts"
import { apart } from "../support/apart.ts"
import { allocated, beside, type Finding, more, type Target } from "../support/finding.ts"
import { type ClockName, compare, type Effort } from "../support/measure.ts"
import { replaying, simulator } from "../support/registry.ts"
import { bodies } from "../support/wire.ts"
import { privateKeyPem } from "../../support/keys.ts"
import { nowhere } from "../support/clients.ts"
import { type Input, names, transports } from "./requestContenders.ts"

const start = (all: ReadonlyArray<string>, input: Input) =>
  apart(new URL("requestContenders.ts", import.meta.url).href, all, input)

/** What the client costs where there is no network at all: the processor time beyond that of Effect's own client. */
const inMemory = async (effort: Effort, input: Input): Promise<ReadonlyArray<Finding>> => {
  const { effectInMemory, oursInMemory } = names
  const all = await start([oursInMemory, effectInMemory], input)
  const findings: Array<Finding> = []
  for (const width of [1, 64]) {
    const timings = await compare(all.at(width, "processor"), { warmUp: 1000, ...effort, by: "processor" })
    const work = `GET + decode in memory, ${width} at a time, processor time`
    findings.push(more({ row: 4, work, atMost: 40 }, timings, oursInMemory, effectInMemory))
  }
  all.stop()
  return findings
}

interface Group {
  readonly over: string
  readonly also: ReadonlyArray<string>
  readonly peers: ReadonlyArray<string>
}

/** What is compared with each other, one group after the other: with fewer contenders, the machine's pace changes less in a round. */
const groups = transports.map(({ over }): Group => {
  const sameAsOurs = [names.effect(over), names.octokit(over)]
  switch (over) {
    case "undici":
      return { over, also: [names.traced], peers: [names.undici, ...sameAsOurs] }
    case "fetch":
      return { over, also: [], peers: [names.fetch, ...sameAsOurs, names.octokitAsItComes] }
    default:
      return { over, also: [], peers: sameAsOurs }
  }
})

/** Over `fetch`, octokit is shown without a target. */
const targetOf = (over: string, peer: string): Target =>
  peer === names.octokit(over) && over !== "fetch" ? { fasterBy: 1 } : undefined

/** Only what has a target. */
const quickGroups = groups.flatMap(({ over, peers }): ReadonlyArray<Group> => {
  const wanted = peers.filter((peer) => targetOf(over, peer) !== undefined)
  return wanted.length > 0 ? [{ over, also: [], peers: wanted }] : []
})

const namesOf = ({ also, over, peers }: Group) => [names.ours(over), ...also, ...peers]

/**
 * 64 at a time the simulator is what is waited for, whoever asks, so there what the asking process spends is compared. It comes
 * first, since it takes thousands of calls until the compiler is done, and they are made in less time that way.
 */
const ways = [
  { work: "64 at a time, processor time", width: 64, by: "processor", warmUp: 1000 },
  { work: "1 at a time", width: 1, by: "wall", warmUp: 500 }
] as const satisfies ReadonlyArray<{ work: string; width: number; by: ClockName; warmUp: number }>

const besideSimulator = async (effort: Effort, answer: string): Promise<ReadonlyArray<Finding>> => {
  const registry = await simulator(10)
  const chosen = effort.quick === true ? quickGroups : groups
  const extra = effort.quick === true ? [names.undici] : []
  const all = await start([...new Set([...chosen.flatMap(namesOf), ...extra])], { ...registry, answer })
  const only = (wanted: ReadonlyArray<string>, width: number, by: ClockName) =>
    all.at(width, by).filter(({ name }) => wanted.includes(name))
  const findings: Array<Finding> = []
  for (const { by, warmUp, width, work } of ways) {
    for (const group of chosen) {
      const timings = await compare(only(namesOf(group), width, by), { warmUp, ...effort, by })
      const first = names.ours(group.over)
      const line = (name: string, peer: string, target?: Target) =>
        beside({ row: 4, work: `GET + decode, ${work}: ${name}`, target }, timings, name, peer)
      findings.push(
        ...group.peers.map((peer) => line(first, peer, targetOf(group.over, peer))),
        ...group.also.map((name) => line(name, first))
      )
    }
  }
  const first = names.ours("undici")
  const sizes = await compare(only([first, names.undici], 1, "allocation"), {
    ...effort,
    millis: effort.quick === true ? 5 : 20,
    warmUp: 0,
    by: "allocation"
  })
  const work = `GET + decode, allocated a call: ${first}`
  findings.push(allocated({ row: 4, work, atMost: 70 }, sizes, first, names.undici))
  all.stop()
  await registry.stop()
  return findings
}

const latency = 30

/** What a user sees: the wall clock, with a registry at a distance. */
const overNetwork = async (effort: Effort, answer: string): Promise<ReadonlyArray<Finding>> => {
  const registry = await replaying(1, latency)
  const first = names.ours("undici")
  const all = await start([first, names.undici], { ...registry, answer })
  const findings: Array<Finding> = []
  for (const width of effort.quick === true ? [1] : [1, 64]) {
    // Ten calls in turn, so that one that is late by chance is a tenth of what is measured.
    const timings = await compare(all.at(width, "wall"), { ...effort, millis: effort.quick === true ? 100 : 330 })
    const work = `GET + decode, ${latency} ms of network, ${width} at a time: ${first}`
    const target = width === 1 ? { atMost: 1.03 } : undefined
    findings.push(beside({ row: 4, work, target }, timings, first, names.undici))
  }
  all.stop()
  await registry.stop()
  return findings
}

export const run: Row["run"] = async (effort) => {
  const { appId, installation: answer, installationIds } = await bodies({ installations: 1 }, 50)
  const alone: Input = { appId, baseUrl: nowhere, installationIds, privateKey: privateKeyPem, answer }
  return [
    ...(await inMemory(effort, alone)),
    // So long at a time that a process finds its caches again: a program that makes many calls does not share them with twelve others.
    ...(await besideSimulator(effort.quick === true ? effort : { ...effort, millis: 2 * effort.millis }, answer)),
    ...(await overNetwork(effort, answer))
  ]
}
