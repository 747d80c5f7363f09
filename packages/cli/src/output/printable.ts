/** Texts of others at a terminal. */

/** Control characters and those that turn the direction of text: they could move the cursor or disguise what is printed. */
// oxlint-disable-next-line no-control-regex
const unprintable = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu

/** One line of a text that anybody may have written. */
export const printable = (text: string): string => text.replaceAll(unprintable, " ")
