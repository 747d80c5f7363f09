/** Lines to paste into a POSIX shell. */

/** A text as one word of a shell. */
export const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** Lines that set environment variables. */
export const exportLines = (variables: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`)

/** Lines that sign an app JWT with openssl alone. `key` names the file of the private key, as a shell reads it. */
export const signing = (appId: string, key: string): ReadonlyArray<string> => [
  `b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }`,
  `HEAD=$(printf '{"alg":"RS256","typ":"JWT"}' | b64)`,
  `NOW=$(date +%s)`,
  `CLAIMS=$(printf '{"iat":%d,"exp":%d,"iss":"${appId}"}' $((NOW - 60)) $((NOW + 540)) | b64)`,
  `JWT=$HEAD.$CLAIMS.$(printf '%s' "$HEAD.$CLAIMS" | openssl dgst -sha256 -sign ${key} | b64)`
]
