/** `ICR_WEBHOOK_SECRET`, for commands that sign a delivery. */
import { configurationError, envSecret } from "@effect-icr/app/extension"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** The secret that the registry and the app share. */
export const webhookSecret = Effect.flatMap(
  envSecret("ICR_WEBHOOK_SECRET"),
  Option.match({
    onNone: () =>
      Effect.fail(configurationError("ICR_WEBHOOK_SECRET", "is missing; it is the secret on the dashboard")),
    onSome: Effect.succeed
  })
)
