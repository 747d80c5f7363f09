/**
 * The command `icr`: keys, tokens, installations, calls, webhooks and a simulator of the International Carbon Registry, at a
 * terminal.
 *
 * @module
 */
export { icr } from "./icr.ts"
