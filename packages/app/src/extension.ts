/**
 * Helpers for the sister packages of this one. Outside the promise of semantic versions: programs should not import them.
 */
export { lenient, lenientText } from "./domain/lenient.ts"
export { configurationError, envSecret, fromConfigError } from "./config/internal/environment.ts"
export { count, millis } from "./config/internal/validate.ts"
export { describeIssue } from "./errors/internal/schemaIssue.ts"
export { readUpTo } from "./http/internal/readBody.ts"
