/** `icr webhooks send`: a delivery as the registry would send it. */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { utf8Bytes } from "@effect-icr/app/extension"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Mac from "effect/crypto/Mac"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Hex from "effect/encoding/Hex"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { installationId } from "../environment/app.ts"
import { expectedUrl, httpUrl } from "../environment/url.ts"
import { webhookSecret } from "../environment/webhookSecret.ts"
import { Failure } from "../failure/failure.ts"
import { isTerminal, jsonLine, write } from "../output/output.ts"
import { post } from "./post.ts"

const someInstallation = InstallationId.make("123e4567-e89b-12d3-a456-426614174000")

const flags = {
  url: Argument.String("url").pipe(
    Argument.filterMap(httpUrl, expectedUrl),
    Argument.withDescription("Such as http://localhost:3000/webhook")
  ),
  event: Flag.String("event").pipe(
    Flag.withDescription(
      "installed (default), uninstalled, suspended, unsuspended, newPermissionsAccepted or any other"
    ),
    Flag.withDefault("installed")
  ),
  installation: installationId.pipe(
    Flag.withDescription("The installation that the event is about; by default one that does not exist"),
    Flag.withDefault(someInstallation)
  ),
  forged: Flag.Boolean("forged").pipe(
    Flag.withDescription("Sign with another secret, to see that it is refused"),
    Flag.withDefault(false)
  )
}

/** The payload printed in "Webhook actions and payloads". The time makes it another event each time. */
const payload = (event: string, id: string, now: string) => ({
  event,
  sender: { id: "1", email: "admin@example.com", fullName: "Admin" },
  installation: {
    id,
    createdAt: now,
    updatedAt: now,
    organization: { id: "67890", name: "Example Organization", url: "https://example.com/organizations/67890" },
    permissions: { organization_info: "VIEW" },
    appNameId: "example-app"
  },
  state: ""
})

/** Body and signature (`Validating webhook deliveries`). */
const signed = Effect.fnUntraced(function* (event: object, secret: Redacted.Redacted) {
  const signedData = Base64.encode(JSON.stringify(event))
  const mac = yield* Mac.Mac
  const key = yield* Mac.key(Mac.hmacSha256, utf8Bytes(Redacted.value(secret)))
  const signature = `sha256=${Hex.encode(yield* mac.sign(key, utf8Bytes(signedData)))}`
  return { body: utf8Bytes(JSON.stringify({ ...event, signedData })), signature }
})

/** Fails where the receiver does not accept the delivery. */
export const webhooksSend = Command.make(
  "send",
  flags,
  Effect.fnUntraced(function* ({ event, forged, installation, url }) {
    const secret = yield* webhookSecret
    const other = Redacted.make(`not ${Redacted.value(secret)}`)
    const sent = payload(event, installation, DateTime.formatIso(yield* DateTime.now))
    const { body, signature } = yield* Effect.orDie(signed(sent, forged ? other : secret))
    const { millis, status } = yield* Effect.mapError(
      post(url, body, signature),
      ({ why }) => new Failure({ message: `${url.host} did not take the delivery: ${why}` })
    )
    if (yield* isTerminal) yield* Console.log(`${event} sent to ${url.host}: answered ${status} in ${millis} ms`)
    else yield* write(Stream.make(jsonLine({ event, installation, status, millis })))
    if (status < 200 || status > 299) {
      return yield* new Failure({ message: `${url.host} did not accept the delivery: status ${status}` })
    }
  })
).pipe(
  Command.withDescription("Send a signed delivery to a URL, once"),
  Command.withExamples([{ command: "icr webhooks send http://localhost:3000/webhook --event suspended" }]),
  Command.provide(NodeCrypto.layerMac)
)
