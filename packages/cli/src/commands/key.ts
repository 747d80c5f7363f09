/** `icr key check`: what is in a file that should be the app's private key. */
import { importPrivateKey, type PrivateKey } from "@effect-icr/app/extension"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Hex from "effect/encoding/Hex"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import { createHash, createPublicKey } from "node:crypto"
import { Failure } from "../failure/failure.ts"
import { isTerminal, jsonLine, write } from "../output/output.ts"

/** SHA-256 over the public key as SubjectPublicKeyInfo (RFC 5280), in DER. */
const digestOf = ({ pkcs8 }: PrivateKey) => {
  const pem = `-----BEGIN PRIVATE KEY-----\n${Base64.encode(pkcs8)}\n-----END PRIVATE KEY-----`
  const spki = createPublicKey(pem).export({ type: "spki", format: "der" })
  return new Uint8Array(createHash("sha256").update(spki).digest())
}

const note = [
  "The dashboard shows a SHA-256 for each key and does not document over what, so that a different value there need not be",
  "a different key. This one is that of: openssl pkey -in FILE -pubout -outform DER | sha256sum"
]

const check = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(
    fs.readFileString(file),
    ({ reason }) => new Failure({ message: `${file} could not be read (${reason._tag})` })
  )
  const key = yield* Effect.mapError(
    importPrivateKey(text),
    (problem) => new Failure({ message: `${file} cannot be used: ${problem}` })
  )
  return { ...key, digest: digestOf(key) }
})

const keyCheck = Command.make(
  "check",
  { file: Argument.String("file").pipe(Argument.withDescription("Such as icr_private_key.pem")) },
  Effect.fnUntraced(function* ({ file }) {
    const { bits, digest, form } = yield* check(file)
    const sha256 = Hex.encode(digest)
    if (!(yield* isTerminal)) {
      const found = {
        file,
        kind: "RSA private key",
        form,
        bits,
        sha256,
        sha256Base64: Base64.encode(digest),
        note: note.join(" ")
      }
      return yield* write(Stream.make(jsonLine(found)))
    }
    yield* Console.log(
      [
        `${file}: an RSA private key of ${bits} bits (${form}), fit for ICR_PRIVATE_KEY_FILE`,
        `SHA-256 of its public key: ${sha256}`,
        `               in base64: ${Base64.encode(digest)}`,
        ...note
      ].join("\n")
    )
  })
).pipe(
  Command.withDescription(
    "Say what a private key file is, what is wrong with it, and the SHA-256 of its public key. Nothing of the key is shown"
  ),
  Command.withShortDescription("Say what a private key file is and what is wrong with it")
)

/** Everything about keys. */
export const key = Command.make("key").pipe(
  Command.withDescription("Look at private keys"),
  Command.withSubcommands([keyCheck])
)
