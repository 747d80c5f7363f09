import type * as Redis from "effect/persistence/Redis"

const hints: { readonly [code: string]: string } = {
  CROSSSLOT: "CROSSSLOT: on a cluster `prefix` needs a hash tag, such as {icr}:"
}

/** An error code (`ECONNREFUSED`, `OOM`, `WRONGPASS`) and never the message, which may quote what was sent. */
export const codeOf = ({ cause }: Redis.RedisError): string => {
  if (!(cause instanceof Error)) return "unknown error"
  // Of a script, Redis 6 tells it within the message.
  if (/\bWRONGTYPE\b/.test(cause.message)) return "WRONGTYPE"
  if ("code" in cause && typeof cause.code === "string") return cause.code
  const code = /^[A-Z]{2,}(?= )/.exec(cause.message)?.[0] ?? cause.constructor.name
  return hints[code] ?? code
}
