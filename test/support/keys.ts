/** Keys made once for each run: making one costs more than most tests. */
import { generateKeyPairSync } from "node:crypto"

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 })

/** The private key as PKCS#8. */
export const privateKeyPem = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString()
/** The private key as PKCS#1. */
export const pkcs1Pem = pair.privateKey.export({ type: "pkcs1", format: "pem" }).toString()
/** The public key. */
export const publicKeyPem = pair.publicKey.export({ type: "spki", format: "pem" }).toString()
