/**
 * Helpers for the sister packages of this one. Outside the promise of semantic versions: programs should not import them.
 *
 * @module
 */
export { type Page, type Pages, type Position, pages } from "./app/internal/pages.ts"
export { pathSegment } from "./domain/Ids.ts"
export { lenient, lenientList, lenientText } from "./domain/lenient.ts"
export { envSecret, readConfig } from "./config/internal/environment.ts"
export {
  callOptions,
  configurationError,
  count,
  invalidRequest,
  layerOptions,
  millis,
  readSecretList
} from "./config/internal/validate.ts"
export { describeIssue } from "./errors/internal/schemaIssue.ts"
export { exactDigits, jsonParser } from "./http/internal/exactDigits.ts"
export { readUpTo } from "./http/internal/readBody.ts"
export { importPrivateKey, type PrivateKey } from "./signer/internal/privateKey.ts"
export { utf8Bytes } from "./signer/internal/utf8.ts"
