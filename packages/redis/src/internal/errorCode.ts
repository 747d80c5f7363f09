/** What an error of Redis or of its client means, told by its code. */
import type * as Redis from "effect/persistence/Redis"

const hints: { readonly [code: string]: string } = {
  CROSSSLOT: "CROSSSLOT: on a cluster `prefix` needs a hash tag, such as {icr}:"
}

// Redis 6 reports the error of a command within a script as `ERR Error running script (…): @user_script:3: -OOM command …`.
const codePattern = /^(?:ERR .*@user_script: ?\d+: -)?([A-Z]{2,}) /s

// How a missing right is reported within a script: by Redis 8 and Valkey 8, and by Redis 7.0 and older.
const deniedInScript = /^ERR ACL failure in script|The user executing the script can't/

/** The client `redis` wraps the error for which it gives up. */
const withinWrapper = (cause: unknown) =>
  cause instanceof Error && "socketError" in cause && cause.socketError instanceof Error ? cause.socketError : cause

const codeWithoutHint = (error: Redis.RedisError): string => {
  const cause = withinWrapper(error.cause)
  if (!(cause instanceof Error)) return "unknown error"
  if ("code" in cause && typeof cause.code === "string") return cause.code
  if (deniedInScript.test(cause.message)) return "NOPERM"
  return codePattern.exec(cause.message)?.[1] ?? cause.constructor.name
}

/** Which command or key a `NOPERM` is about. No other words of the message: they may quote what was sent. */
const deniedRight = (message: string) => {
  const command = /'([a-z|]+)' command/i.exec(message)?.[1]
  if (command !== undefined) return `NOPERM: the user may not run ${command.toUpperCase()}`
  if (/\bkeys?\b/.test(message)) return "NOPERM: the user may not use keys under this prefix"
  return `NOPERM: the user may not run ${deniedInScript.test(message) ? "a command within a script" : "a command"}`
}

/** The code of an error (`ECONNREFUSED`, `OOM`, `WRONGPASS`), and never its message, which may quote what was sent. */
export const codeOf = (error: Redis.RedisError): string => {
  const code = codeWithoutHint(error)
  if (code === "NOPERM" && error.cause instanceof Error) return deniedRight(error.cause.message)
  return hints[code] ?? code
}

/** A value of another type under a key: that one key is unusable, Redis is not. */
export const isWrongType = (error: Redis.RedisError): boolean => codeWithoutHint(error) === "WRONGTYPE"

/** A command or key that the user has no right to: what needs it is unusable, Redis is not. */
export const isDenied = (error: Redis.RedisError): boolean => codeWithoutHint(error) === "NOPERM"

const wrongServer = new Set([
  // It became a replica, lost its primary, or has too few replicas of its own.
  "READONLY",
  "MASTERDOWN",
  "NOREPLICAS",
  // It has just started.
  "LOADING",
  // It belongs to a cluster, and another node has the key.
  "MOVED",
  "ASK",
  "TRYAGAIN",
  "CLUSTERDOWN",
  // The client has given up: `redis` on Node, Bun's own.
  "ClientClosedError",
  "ERR_REDIS_CONNECTION_CLOSED"
])

/** Whether another connection may lead to a server that can do the work, or to the same one when it is ready. */
export const isWrongServer = (error: Redis.RedisError): boolean => wrongServer.has(codeWithoutHint(error))
