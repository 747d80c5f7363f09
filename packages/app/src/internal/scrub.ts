/**
 * The registry's own words, made safe to print. A server may echo the credential it was sent, so whatever could be one
 * is replaced: bearer values, tokens by their prefix, and every unbroken run too long to be a word or a UUID (JWTs, keys,
 * tokens, and any of them in base64).
 */
const credential = /bearer\s+\S+|\bcr[a-z]_[\w-]+|[\w+/=.~-]{40,}/gi

/** A path of words, numbers and UUIDs, which is long without being a secret. */
const path = /^(?:\/(?:[A-Za-z][a-zA-Z_-]{0,29}|\d{1,12}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))+[/.]?$/

const longest = 200
const most = 10

/** A run that is, or is cut out of, a credential that was sent. */
const run = /[\w+/=.~-]{12,}/g

const clean = (text: string, secrets: ReadonlyArray<string>) => {
  const known = secrets.reduce((rest, secret) => (secret === "" ? rest : rest.replaceAll(secret, "<redacted>")), text)
  const scrubbed = known
    .replace(run, (part) => (secrets.some((secret) => secret.includes(part)) ? "<redacted>" : part))
    .replace(credential, (run) => (path.test(run) ? run : "<redacted>"))
    .replace(/\s+/g, " ")
    .trim()
  return scrubbed.length > longest ? `${scrubbed.slice(0, longest)}…` : scrubbed
}

/** At most ten messages of at most 200 characters each, without credentials: the known ones, and what looks like one. */
export const scrub = (messages: ReadonlyArray<string>, secrets: ReadonlyArray<string> = []): ReadonlyArray<string> =>
  messages
    .slice(0, most)
    .map((text) => clean(text, secrets))
    .filter((text) => text !== "")
