/** The packages for Node, as a user's compiler sees them. */
import * as Redis from "@effect-icr/redis"
import * as Simulator from "@effect-icr/simulator"
import * as Testing from "@effect-icr/testing"

export { Redis, Simulator, Testing }
