/**
 * Configured values as they were meant. Files, dashboards, pipes and environment files leave signs around a value that
 * nobody meant: blanks, a newline, a byte order mark, quotes, a newline that was escaped.
 */

/** Blanks, byte order marks and signs without width at either end, and escaped newlines at the end. */
const edges = /^[\s\p{Cf}]+|(?:[\s\p{Cf}]|\\+[rn])+$/gu

const quoted = /^(["'])(.*)\1$/su

const trim = (text: string) => text.replace(edges, "")

/** The text without the signs around it, and without one pair of quotes. */
export const clean = (text: string): string => trim(trim(text).replace(quoted, "$2"))

const placeholder = /^(?:\$\{.*\}|\$\(.*\)|\{\{.*\}\})$/su

const reference = /^(?!file:)[a-z][a-z+.-]*:\/\//i

/** What is wrong with a text that stands for a value which nothing put in its place. */
export const placeholderProblem = (text: string): string | undefined =>
  placeholder.test(text) ? "is a placeholder such as ${…} that nothing replaced; set the value itself" : undefined

/** The same for a secret, where tools also leave references such as `op://vault/item/field`. */
export const referenceProblem = (text: string): string | undefined =>
  reference.test(text)
    ? "is a reference into a secret store, such as op://…, that nothing resolved; start the program through the store's own tool, or set the value itself"
    : undefined
