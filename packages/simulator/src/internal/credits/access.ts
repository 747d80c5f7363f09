/** Opens an organization to a token, and answers writes. */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Ref from "effect/Ref"
import type * as Schema from "effect/Schema"
import type { Behaviour } from "../../Behaviour.ts"
import { CurrentToken } from "../../Contract.ts"
import { badRequest, forbidden, notFound } from "../../ErrorBody.ts"
import * as Permissions from "../permissions.ts"
import type { World } from "../World.ts"
import type { RetirementData } from "./records.ts"
import { settle } from "./settle.ts"

/** The organization `id`, if the token belongs to it and has the permission. What is due is processed before. */
export const opened = Effect.fnUntraced(function* (world: World["Service"], id: string, scope: Permissions.Scope) {
  const token = yield* CurrentToken
  const behaviour = yield* Ref.get(world.behaviour)
  // Another organization and an unknown one get the same answer, so that trying ids reveals nothing.
  if (token.organizationId !== id) return yield* forbidden("Access token has no access to this organization")
  yield* Permissions.demand(scope, token, behaviour)
  yield* settle(world)
  const tables = yield* Ref.get(world.tables)
  const record = tables.organizations.get(id)
  if (record === undefined) return yield* notFound("Organization not found")
  return { record, tables, token, around: { ...world, behaviour } }
})

/** Demands what a certificate needs where an action retires. */
export const demandRetirementData = (action: string, data: RetirementData | undefined) =>
  (action === "retire" || action === "transfer_retire") && data === undefined
    ? Effect.fail(badRequest(["retirementData should not be empty"]))
    : Effect.void

/** The answer of a write: the record, or nothing where the switch says so. */
export const written = ({ writeAnswer }: Behaviour, status: number, record: Schema.Json) =>
  writeAnswer === "empty" ? HttpServerResponse.empty({ status }) : HttpServerResponse.jsonUnsafe(record, { status })
