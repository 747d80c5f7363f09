import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { type Claims, makeMemory } from "./Claims.ts"

/**
 * Which install states were used already. `InstallFlow` takes one where it is provided, else it remembers them in memory:
 * behind a load balancer a state could then be used once on each machine.
 */
export class InstallStates extends Context.Service<InstallStates, Claims>()("@effect-icr/app/InstallStates") {
  /** For one process; remembers at most `capacity` (100,000) states. */
  static readonly layerMemory = (capacity?: number): Layer.Layer<InstallStates> =>
    Layer.effect(InstallStates, makeMemory(capacity))
}
