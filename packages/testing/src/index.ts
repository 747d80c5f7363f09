/**
 * An ICR App over a registry in memory, for tests in virtual time.
 *
 * @module
 */
export * as TestRegistry from "./TestRegistry.ts"
export type { Options as TestRegistryOptions, Services as TestRegistryServices } from "./TestRegistry.ts"
