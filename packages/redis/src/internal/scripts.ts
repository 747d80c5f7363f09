/** What Redis has to do in one step, as scripts. The first of their arguments are the keys they touch. */
import * as Redis from "effect/persistence/Redis"

/** A stored token is `<expiresAt> <sealed>`: the end in front, for the scripts to compare. */
const endOf = `
local function endOf(text)
  return text and tonumber(string.match(text, "^(%d+) ")) or 0
end
`

/** A token and the milliseconds it stays; null when there is none. */
export const get = Redis.script((token: string) => [token], {
  numberOfKeys: 1,
  lua: `
local there = redis.call("GET", KEYS[1])
return there and { there, redis.call("PTTL", KEYS[1]) }`
}).withReturnType<readonly [text: string, left: number] | null>()

/** What `set` needs to know. */
export interface SetOptions {
  readonly token: string
  readonly lease: string
  readonly text: string
  readonly expiresAt: number
  /** Milliseconds. */
  readonly life: number
  /** Whose lease the token was minted under; empty when it was minted without one. */
  readonly owner: string
  /** A text that this process could not open: as good as none. Empty when there is none. */
  readonly unreadable: string
}

/** Keeps a token, unless its holder has lost the lease or a token that ends later is there. */
export const set = Redis.script(
  (_: SetOptions) => [_.token, _.lease, _.text, String(_.expiresAt), String(_.life), _.owner, _.unreadable],
  {
    numberOfKeys: 2,
    lua: `${endOf}
if ARGV[4] ~= "" and redis.call("GET", KEYS[2]) ~= ARGV[4] then return 0 end
local there = redis.call("GET", KEYS[1])
if there ~= ARGV[5] and endOf(there) > tonumber(ARGV[2]) then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[3])
return 1`
  }
).withReturnType<number>()

/** What `remove` needs to know. */
export interface RemoveOptions {
  readonly token: string
  readonly lease: string
  readonly log: string
  /** Tokens that end later stay; undefined removes any. */
  readonly upTo: number | undefined
  /** For the other processes. */
  readonly entry: string
}

// For a process that was cut off: beyond that it learns from the registry that a token is dead.
const logEntries = 10_000
const logLife = 24 * 60 * 60 * 1000

/**
 * Removes a token and tells the others. With it goes the lease: what its holder is minting was asked for before the removal
 * and may be as dead as what was removed.
 */
export const remove = Redis.script(
  (_: RemoveOptions) => [_.token, _.lease, _.log, _.upTo === undefined ? "" : String(_.upTo), _.entry],
  {
    numberOfKeys: 3,
    lua: `${endOf}
local there = redis.call("GET", KEYS[1])
if ARGV[1] == "" or (there and endOf(there) <= tonumber(ARGV[1])) then redis.call("DEL", KEYS[1], KEYS[2]) end
redis.call("XADD", KEYS[3], "MAXLEN", "~", "${logEntries}", "*", "removal", ARGV[2])
redis.call("PEXPIRE", KEYS[3], "${logLife}")
return 1`
  }
).withReturnType<number>()

/** What `acquire` answers. */
export const acquired = { lease: 1, newer: 2 }

/** What `acquire` needs to know. */
export interface AcquireOptions {
  readonly token: string
  readonly lease: string
  readonly owner: string
  /** Milliseconds. */
  readonly life: number
  /** A token that ends later than this is what the caller wants; `Infinity` when none is. */
  readonly newerThan: number
  /** But not this text, which this process could not open. */
  readonly unreadable: string
}

/** Takes a lease that nobody has, unless the token it is for is there already. */
export const acquire = Redis.script(
  (_: AcquireOptions) => [
    _.token,
    _.lease,
    _.owner,
    String(_.life),
    _.newerThan === Infinity ? "" : String(_.newerThan),
    _.unreadable
  ],
  {
    numberOfKeys: 2,
    lua: `${endOf}
local there = ARGV[3] ~= "" and redis.call("GET", KEYS[1])
if there and there ~= ARGV[4] and endOf(there) > tonumber(ARGV[3]) then return ${acquired.newer} end
if redis.call("SET", KEYS[2], ARGV[1], "NX", "PX", ARGV[2]) then return ${acquired.lease} end
return 0`
  }
).withReturnType<number>()

/** Gives a lease back, if it is still the owner's. */
export const release = Redis.script((lease: string, owner: string) => [lease, owner], {
  numberOfKeys: 1,
  lua: `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])`
}).withReturnType<number>()

/** Begins the time of a lease again, if it is still the owner's. */
export const renew = Redis.script((lease: string, owner: string, life: number) => [lease, owner, String(life)], {
  numberOfKeys: 1,
  lua: `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])`
}).withReturnType<number>()
