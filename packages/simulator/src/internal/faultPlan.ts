/** Holds scripts and probabilities and selects the faults of each request. */
import type { Fault, FaultStep, PlannedFaults } from "../Fault.ts"
import type { Route } from "../Route.ts"
import * as Seeded from "./seeded.ts"

interface Rule {
  readonly route: Route | "*"
  readonly probability: number
  readonly faults: ReadonlyArray<Fault>
}

const toList = (step: FaultStep): ReadonlyArray<Fault> => {
  if (step === "pass") return []
  return "_tag" in step ? [step] : step
}

/** Creates an empty plan. The seed determines the draws. */
export const make = (seed: number) => {
  let scripts = new Map<Route | "*", Array<FaultStep>>()
  let rules: Array<Rule> = []
  let draws = 0

  const scripted = (route: Route | "*") => scripts.get(route)?.shift()

  return {
    script: (route: Route | "*", steps: ReadonlyArray<FaultStep>) => {
      scripts.set(route, [...(scripts.get(route) ?? []), ...steps])
    },
    rule: (rule: Rule) => {
      rules.push(rule)
    },
    clear: () => {
      scripts = new Map()
      rules = []
      draws = 0
    },
    pending: () => {
      let steps = 0
      for (const queue of scripts.values()) steps += queue.length
      return steps
    },
    planned: (): PlannedFaults => ({
      scripts: Array.from(scripts, ([route, steps]) => ({ route, steps: [...steps] })).filter(
        ({ steps }) => steps.length > 0
      ),
      probabilities: [...rules]
    }),
    /** The faults of the next request on `route`. A route's own script precedes the one for any route. */
    next: (route: Route | undefined): ReadonlyArray<Fault> => {
      const step = (route === undefined ? undefined : scripted(route)) ?? scripted("*")
      if (step !== undefined) return toList(step)
      return rules
        .filter((rule) => rule.route === "*" || rule.route === route)
        .filter((rule) => Seeded.fraction(seed, Seeded.kind.fault, draws++) < rule.probability)
        .flatMap((rule) => rule.faults)
    }
  }
}
export type FaultPlan = ReturnType<typeof make>
