import { Simulator } from "@effect-icr/simulator/Simulator"
import { Effect, Redacted, type Schema } from "effect"

/** Speaks to the control interface over HTTP, as a test in another language would. */
export const manage = Effect.fnUntraced(function* (
  method: "GET" | "POST" | "DELETE" | "PUT" | "PATCH",
  path: string,
  body?: Schema.Json
) {
  const { baseUrl, controlToken } = yield* Simulator
  const response = yield* Effect.promise(() =>
    fetch(`${baseUrl}/_simulator${path}`, {
      method,
      headers: {
        authorization: `Bearer ${Redacted.value(controlToken)}`,
        "content-type": "application/json"
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  )
  const json: Schema.Json = yield* Effect.promise(() => response.json())
  return { status: response.status, json }
})
