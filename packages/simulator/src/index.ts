/** The International Carbon Registry on your machine. */
export * from "./Behaviour.ts"
export * from "./Control.ts"
export * from "./Fault.ts"
export * from "./RegistryEvent.ts"
export * from "./RequestLog.ts"
export * from "./Route.ts"
export * from "./Simulator.ts"
export * from "./SimulatorError.ts"
