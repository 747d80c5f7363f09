/**
 * The International Carbon Registry on your machine.
 *
 * @module
 * @since 0.1.0
 */
export * from "./Behaviour.ts"
export * from "./Control.ts"
export * from "./CreditControl.ts"
export * from "./Fault.ts"
export * from "./RequestLog.ts"
export * from "./Route.ts"
export * from "./Simulator.ts"
export * from "./SimulatorError.ts"
export * from "./Webhooks.ts"
export type { OrganizationType, Permissions } from "./Wire.ts"
