/** Encodes texts as UTF-8. */
const encoder = new TextEncoder()

/**
 * A text as UTF-8, in an array of the global class. Under test environments such as jsdom `TextEncoder` and `Uint8Array` are of
 * two realms, and whoever tests `instanceof Uint8Array`, as `effect/crypto` does, refuses what `TextEncoder` gives.
 */
export const utf8Bytes = (text: string): Uint8Array<ArrayBuffer> => {
  const bytes = encoder.encode(text)
  return bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)
}
