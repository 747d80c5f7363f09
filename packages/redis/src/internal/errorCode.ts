import type * as Redis from "effect/persistence/Redis"

const hints: { readonly [code: string]: string } = {
  CROSSSLOT: "CROSSSLOT: on a cluster `prefix` needs a hash tag, such as {icr}:"
}

/** The code of an error (`ECONNREFUSED`, `OOM`, `WRONGPASS`), and never its message, which may quote what was sent. */
export const codeOf = ({ cause }: Redis.RedisError): string => {
  if (!(cause instanceof Error)) return "unknown error"
  // Redis 6 reports this error of a script within a longer message.
  if (/\bWRONGTYPE\b/.test(cause.message)) return "WRONGTYPE"
  if ("code" in cause && typeof cause.code === "string") return cause.code
  const code = /^[A-Z]{2,}(?= )/.exec(cause.message)?.[0] ?? cause.constructor.name
  return hints[code] ?? code
}
