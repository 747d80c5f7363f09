/** JSON for people, digit for digit: `JSON.parse` alone would round the amounts of the registry. */

/** What Node 22 has and the types do not: a number as it is written. */
const { rawJSON } = JSON as typeof JSON & { readonly rawJSON: (text: string) => unknown }

const keepSpelling = (_: string, value: unknown, context?: { readonly source?: string }) =>
  typeof value === "number" && context?.source !== undefined ? rawJSON(context.source) : value

/** Throws as `JSON.parse` does. */
const parseExactly = (text: string): unknown => JSON.parse(text, keepSpelling)

/** JSON over several lines. Throws for a text that is no JSON. */
export const indented = (text: string): string => JSON.stringify(parseExactly(text), null, 2)

/** JSON on one line. Throws for a text that is no JSON. */
export const onOneLine = (text: string): string => JSON.stringify(parseExactly(text))
