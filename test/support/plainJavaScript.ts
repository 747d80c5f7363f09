/** What surrounds a value in files, dashboards, pipes and environment files. */
export const surroundings: { readonly [name: string]: (value: string) => string } = {
  "a newline at the end": (value) => `${value}\n`,
  "CRLF at the end": (value) => `${value}\r\n`,
  blanks: (value) => `  ${value}\t`,
  "a no-break blank": (value) => `${value}\u00A0`,
  "a byte order mark": (value) => `\uFEFF${value}`,
  "a sign without width": (value) => `\u200B${value}`,
  "double quotes": (value) => `"${value}"`,
  "single quotes": (value) => `'${value}'`,
  "an escaped newline at the end": (value) => `${value}\\n`,
  "an escaped CRLF, escaped again": (value) => `${value}\\\\r\\\\n`,
  "quotes, an escaped newline in them and a newline behind": (value) => `"${value}\\n"\n`,
  "a byte order mark, blanks and quotes": (value) => `\uFEFF "${value}" \r\n`
}

/** A value of another type than the one declared, as plain JavaScript may give it. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const fromPlainJavaScript = (value: unknown) => value as never

/** Values that are no text. */
export const notTexts: { readonly [name: string]: unknown } = {
  null: null,
  "a number": 67890,
  NaN: Number.NaN,
  "a big number": 1n,
  true: true,
  "a symbol": Symbol("s"),
  "an object": { value: "x" },
  "an object without a prototype": Object.create(null),
  "a function": () => "x",
  bytes: new Uint8Array([120]),
  "a date": new Date(0)
}
