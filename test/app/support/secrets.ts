/** Looking for secrets in what came out of a program. */
import { Cause, Exit, type Tracer } from "effect"
import { Buffer } from "node:buffer"
import { inspect } from "node:util"
import { view } from "./recorder.ts"

// Long enough not to be met by chance, short enough to find a secret that was cut.
const length = 20

/** All disjoint pieces of a text: a secret that was cut or wrapped still shows some of them. */
const pieces = (text: string): ReadonlyArray<string> =>
  Array.from({ length: Math.floor(text.length / length) }, (_, n) => text.slice(n * length, (n + 1) * length))

/** In base64 a text has three looks, by where in the encoded bytes it begins; neighbours colour its first and last signs. */
const encoded = (text: string): ReadonlyArray<string> =>
  [0, 1, 2].flatMap((before) => {
    const all = Buffer.from(" ".repeat(before) + text)
    return (["base64", "base64url"] as const).map((form) =>
      all
        .toString(form)
        .replace(/=+$/, "")
        .slice(before === 0 ? 0 : before + 1, -2)
    )
  })

/** What of a secret must be nowhere. The head of a JWT is no secret: it is the same for everybody. */
const parts = (secret: string): ReadonlyArray<string> =>
  secret.startsWith("eyJ")
    ? secret.split(".").slice(1)
    : secret.includes("PRIVATE KEY")
      ? [secret.replace(/-----[^-]+-----|\s/g, "")]
      : [secret]

const known = new Map<string, ReadonlyArray<string>>()

const needlesOf = (secret: string): ReadonlyArray<string> => {
  const made =
    known.get(secret) ??
    parts(secret).flatMap((part) =>
      [part, Buffer.from(part).toString("hex")].concat(encoded(part)).flatMap((form) => pieces(form))
    )
  known.set(secret, made)
  return made
}

/** Everything to look for. */
export const needles = (secrets: Iterable<string>): ReadonlySet<string> => new Set([...secrets].flatMap(needlesOf))

/** The needles that are in a text, with what stands around them. */
export const found = (text: string, needles: ReadonlySet<string>): ReadonlyArray<string> =>
  [...needles].flatMap((needle) => {
    const at = text.indexOf(needle)
    return at < 0 ? [] : [text.slice(Math.max(0, at - 60), at + 60)]
  })

/** A value in every form in which it may reach a log, a page or a file. */
export const shown = (value: unknown): string => {
  const error = value instanceof Error ? [value.message, value.stack, Cause.pretty(Cause.fail(value))] : []
  return [
    String(value),
    JSON.stringify(value),
    inspect(value, { depth: 10 }),
    inspect(value, { depth: 10, showHidden: true }),
    ...error
  ].join("\n")
}

/** Name, attributes, events and outcome of a span. */
export const shownSpan = (span: Tracer.NativeSpan): string =>
  shown(view(span)) +
  (span.status._tag === "Ended" && Exit.isFailure(span.status.exit)
    ? Cause.pretty(span.status.exit.cause) + shown(span.status.exit)
    : "")
