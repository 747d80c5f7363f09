import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Claims, defaultCapacity, makeMemory } from "./Claims.ts"
import type { IcrError } from "./IcrError.ts"
import { count } from "./internal/options.ts"

/**
 * Which install states were used already. `InstallFlow` takes one where it is provided, else it remembers them in memory:
 * behind a load balancer a state could then be used once on each machine.
 */
export class InstallStates extends Context.Service<InstallStates, Claims>()("@effect-icr/app/InstallStates") {
  /** For one process; remembers at most `capacity` (100,000) states. Fails with `Configuration` for less than one. */
  static readonly layerMemory = (capacity?: number): Layer.Layer<InstallStates, IcrError> =>
    Layer.effect(InstallStates, Effect.flatMap(count("capacity", capacity, defaultCapacity, 1), makeMemory))
}
