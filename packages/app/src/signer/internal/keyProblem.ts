/**
 * Words for a private key that cannot be used: what it is, and what to do. They never contain any of it. A new key is advised
 * only where the one at hand can never sign, since the registry shows a private key once.
 */

const whole = "use the whole icr_private_key.pem as it was downloaded"
const another = "generate a key on the app's Credentials tab and use the whole icr_private_key.pem"
const signs = "this app signs its JWTs with RSA (RS256)"

/** For text that is no key, or not the whole of one. */
export const empty = `it is empty; ${whole}`
export const notPem = `it is not a PEM text (no BEGIN line); ${whole}`
export const noEnd = `it is only part of a key (no END line): a value may end at its first newline; ${whole}, in quotes or with its newlines escaped as \\n`
export const cut = `it cannot be read: part of it is missing; ${whole}`
export const damaged = `the text between BEGIN and END is damaged; ${whole}`
export const unreadable = `it cannot be read; ${whole}`
export const unknownEscapes = "its newlines are escaped in an unknown way; escape them as \\n"
export const lostEscapes =
  "its newlines became the letter n, as an unquoted \\n does in a shell; put it in single quotes"
export const typographicDashes = `its dashes are typographic ones, as word processors make of hyphens; ${whole}`
export const path = "it is the path of a file; set ICR_PRIVATE_KEY_FILE to it, which IcrConfig.layerKeyFile reads"

/** For keys of another kind. */
export const encrypted =
  "it is encrypted with a passphrase; decrypt it: openssl pkey -in key.pem -out icr_private_key.pem"
export const openSsh = "it is in OpenSSH's own format; convert it: ssh-keygen -p -m PEM -f key.pem"
export const publicKey = `it is a public key, which cannot sign; ${whole}`
export const certificate = `it is a certificate, which cannot sign; ${whole}`
export const ec = `it is an EC key and ${signs}; ${another}`
export const rsaPss = `it is restricted to RSA-PSS and ${signs}; ${another}`
export const notRsa = `it is not an RSA key and ${signs}; ${another}`
export const tooShort = (bits: number) => `it has ${bits} bits and RS256 needs 2048 or more; generate a new one`
