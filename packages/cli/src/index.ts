/**
 * The command `icr`: keys, tokens, installations, calls, webhooks and a simulator of the International Carbon Registry, at a
 * terminal.
 *
 * @since 0.1.0
 */
export { icr } from "./icr.ts"
