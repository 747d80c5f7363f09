/** Sends each write over a new connection where the runtime would repeat it by itself. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

declare const Deno:
  | { createHttpClient?(options: { readonly poolMaxIdlePerHost: number }): { close(): void } }
  | undefined

/**
 * The options of `fetch` for a write. Deno sends a request again when a connection that was kept open breaks before the answer
 * (seen in 2.9), and a write may then be done twice; over a new connection it does not.
 */
export const notKept: Effect.Effect<globalThis.RequestInit, never, Scope.Scope> = Effect.suspend(() =>
  typeof Deno === "undefined" || Deno.createHttpClient === undefined
    ? Effect.succeed({})
    : Effect.acquireRelease(
        Effect.succeed({ client: Deno.createHttpClient({ poolMaxIdlePerHost: 0 }) }),
        ({ client }) => Effect.sync(() => client.close())
      )
)
