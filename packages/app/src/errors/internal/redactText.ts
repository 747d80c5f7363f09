/**
 * Makes texts of others safe to print. A server may echo the credential it was sent, so whatever could be one is replaced:
 * bearer values, tokens by their prefix, and every unbroken run too long to be a word or a UUID (JWTs, keys, tokens, and any
 * of them in base64).
 */
const credentialForm = /bearer\s+\S+|\bcr[a-z]_[\w-]+|[\w+/=.~-]{40,}/gi

/** A path of words, versions, numbers and UUIDs, which is long without being a secret. */
const pathForm =
  /^(?:\/(?:[A-Za-z][a-zA-Z_-]{0,29}|v[\d.]{1,9}|\d{1,12}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))+[/.]?$/

const maxLength = 200
const maxMessages = 10

/** An unbroken run long enough to be a piece of a credential. */
const runForm = /[\w+/=.~-]{12,}/g

const clean = (text: string, secrets: ReadonlyArray<string>) => {
  const redacted = secrets
    .filter((secret) => secret !== "")
    .reduce((rest, secret) => rest.replaceAll(secret, "<redacted>"), text)
    .replace(runForm, (run) => (secrets.some((secret) => secret.includes(run)) ? "<redacted>" : run))
    .replace(credentialForm, (run) => (pathForm.test(run) ? run : "<redacted>"))
    .replace(/\s+/g, " ")
    .trim()
  return redacted.length > maxLength ? `${redacted.slice(0, maxLength)}…` : redacted
}

/** At most ten messages of at most 200 characters each, without credentials: the known ones, and what looks like one. */
export const redactText = (
  messages: ReadonlyArray<string>,
  secrets: ReadonlyArray<string> = []
): ReadonlyArray<string> =>
  messages
    .slice(0, maxMessages)
    .map((text) => clean(text, secrets))
    .filter((text) => text !== "")
