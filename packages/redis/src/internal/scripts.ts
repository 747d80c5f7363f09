/** Lua scripts, each of which Redis executes as one atomic step. The first of their arguments are the keys they touch. */
import * as Redis from "effect/persistence/Redis"

/** A stored token is `<expiresAt> <sealed>`: scripts compare the time in front, and cannot read what follows. */
const endOf = `
local function endOf(text)
  return text and tonumber(string.match(text, "^(%d+) ")) or 0
end
`

/** A token, and the milliseconds until Redis deletes it; null when there is none. */
export const get = Redis.script((tokenKey: string) => [tokenKey], {
  numberOfKeys: 1,
  lua: `
local text = redis.call("GET", KEYS[1])
return text and { text, redis.call("PTTL", KEYS[1]) }`
}).withReturnType<readonly [text: string, timeLeft: number] | null>()

/** Arguments of {@link set}. */
export interface SetOptions {
  readonly tokenKey: string
  readonly leaseKey: string
  readonly text: string
  readonly expiresAt: number
  /** Milliseconds. */
  readonly timeToLive: number
  /** The owner of the lease under which the token was exchanged. Empty when there was no lease. */
  readonly owner: string
  /** A text that this process cannot open and that counts as missing. Empty when there is none. */
  readonly unreadable: string
}

/** Stores a token, unless its process has lost the lease or the stored token ends later. */
export const set = Redis.script(
  (_: SetOptions) => [_.tokenKey, _.leaseKey, _.text, String(_.expiresAt), String(_.timeToLive), _.owner, _.unreadable],
  {
    numberOfKeys: 2,
    lua: `${endOf}
if ARGV[4] ~= "" and redis.call("GET", KEYS[2]) ~= ARGV[4] then return 0 end
local text = redis.call("GET", KEYS[1])
if text ~= ARGV[5] and endOf(text) > tonumber(ARGV[2]) then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[3])
return 1`
  }
).withReturnType<number>()

/** Arguments of {@link invalidate}. */
export interface InvalidateOptions {
  readonly tokenKey: string
  readonly leaseKey: string
  readonly logKey: string
  /** Tokens that end later stay; undefined for none. */
  readonly upTo: number | undefined
  /** The entry of the log, for the other processes. */
  readonly entry: string
}

// Limits for what a process can catch up with after an outage. Beyond them, it learns from the registry that a token is invalid.
const logEntries = 10_000
const logTimeToLive = 24 * 60 * 60 * 1000

/**
 * Deletes a token and writes the log. The lease is deleted as well: its holder asked for a token before the invalidation, and
 * what it receives may be just as invalid. A user who may not delete still writes the log, and then gets the error.
 */
export const invalidate = Redis.script(
  (_: InvalidateOptions) => [_.tokenKey, _.leaseKey, _.logKey, _.upTo === undefined ? "" : String(_.upTo), _.entry],
  {
    numberOfKeys: 3,
    lua: `${endOf}
local text = redis.call("GET", KEYS[1])
local deleted = true
if ARGV[1] == "" or (text and endOf(text) <= tonumber(ARGV[1])) then deleted = redis.pcall("DEL", KEYS[1], KEYS[2]) end
redis.call("XADD", KEYS[3], "MAXLEN", "~", "${logEntries}", "*", "invalidation", ARGV[2])
redis.call("PEXPIRE", KEYS[3], "${logTimeToLive}")
return deleted`
  }
).withReturnType<number>()

/** What {@link acquire} returns. */
export const acquireOutcome = { held: 0, acquired: 1, newerToken: 2 }

/** Arguments of {@link acquire}. */
export interface AcquireOptions {
  readonly tokenKey: string
  readonly leaseKey: string
  readonly owner: string
  /** Milliseconds. */
  readonly timeToLive: number
  /** A token that ends later makes the lease unnecessary. `Infinity` when no token does. */
  readonly newerThan: number
  /** A text that this process cannot open and that counts as missing. Empty when there is none. */
  readonly unreadable: string
}

/** Acquires a lease that no process holds, unless a newer token is stored. */
export const acquire = Redis.script(
  (_: AcquireOptions) => [
    _.tokenKey,
    _.leaseKey,
    _.owner,
    String(_.timeToLive),
    _.newerThan === Infinity ? "" : String(_.newerThan),
    _.unreadable
  ],
  {
    numberOfKeys: 2,
    lua: `${endOf}
local text = ARGV[3] ~= "" and redis.call("GET", KEYS[1])
if text and text ~= ARGV[4] and endOf(text) > tonumber(ARGV[3]) then return ${acquireOutcome.newerToken} end
if redis.call("SET", KEYS[2], ARGV[1], "NX", "PX", ARGV[2]) then return ${acquireOutcome.acquired} end
return ${acquireOutcome.held}`
  }
).withReturnType<number>()

/** Deletes a lease or a claim whose owner value begins with `owner`. */
export const release = Redis.script((key: string, owner: string) => [key, owner], {
  numberOfKeys: 1,
  lua: `
local owner = redis.call("GET", KEYS[1])
if not owner or string.sub(owner, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])`
}).withReturnType<number>()

/** Restarts the time to live of a lease that still has this owner. */
export const renew = Redis.script(
  (leaseKey: string, owner: string, timeToLive: number) => [leaseKey, owner, String(timeToLive)],
  {
    numberOfKeys: 1,
    lua: `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])`
  }
).withReturnType<number>()
