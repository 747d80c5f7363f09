/** Handlers of the routes about retirements and credits that any access token opens. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Ref from "effect/Ref"
import { RegistryApi } from "../../Contract.ts"
import { notFound } from "../../ErrorBody.ts"
import * as Paging from "../paging.ts"
import * as Present from "../present.ts"
import { World } from "../World.ts"
import * as Certificate from "./certificate.ts"
import * as PresentRetirement from "./presentRetirement.ts"
import * as Retirements from "./retirements.ts"
import { settle } from "./settle.ts"

/** The books after what is due was processed, and what presents them. */
const current = Effect.fnUntraced(function* (world: World["Service"]) {
  yield* settle(world)
  return { tables: yield* Ref.get(world.tables), around: { ...world, behaviour: yield* Ref.get(world.behaviour) } }
})

/** Handlers of the group `Retirements`. */
export const retirements = HttpApiBuilder.group(
  RegistryApi,
  "Retirements",
  Effect.fnUntraced(function* (handlers) {
    const world = yield* World
    return handlers
      .handle(
        "listRetirements",
        Effect.fnUntraced(function* ({ query }) {
          const { around, tables } = yield* current(world)
          const { first, skip } = yield* Paging.readSkip(query, around.behaviour)
          const some = Retirements.listed(tables, around.behaviour).slice(skip, skip + first)
          return { retirements: some.map((one) => PresentRetirement.retirement(one, tables, around)) }
        })
      )
      .handle(
        "getRetirement",
        Effect.fnUntraced(function* ({ query }) {
          const { around, tables } = yield* current(world)
          const found = Retirements.find(tables, query.id)
          if (found === undefined) return yield* notFound("Retirement not found")
          return PresentRetirement.retirement(found, tables, around)
        })
      )
      .handle(
        "getCertificate",
        Effect.fnUntraced(function* ({ params }) {
          const { around, tables } = yield* current(world)
          const found = Retirements.find(tables, params.retirementId)
          if (found === undefined) return yield* notFound("Retirement not found")
          if (found.ownerId === undefined) return yield* notFound("The retirement has not been claimed")
          return Certificate.answer(PresentRetirement.certificate(found, around), `retirement-${found.number}.pdf`)
        })
      )
  })
)

/** Handlers of the group `Credits`. */
export const credits = HttpApiBuilder.group(
  RegistryApi,
  "Credits",
  Effect.fnUntraced(function* (handlers) {
    const world = yield* World
    const ids = Present.projectIds(world)
    return handlers
      .handle(
        "getProjectCredits",
        Effect.fnUntraced(function* ({ params }) {
          const { around, tables } = yield* current(world)
          const index = ids.indexOf(params.id)
          if (index < 0) return yield* notFound("Project not found")
          return PresentRetirement.projectCredits(index, tables, around)
        })
      )
      .handle(
        "getAccountCredits",
        Effect.fnUntraced(function* ({ params }) {
          const { around } = yield* current(world)
          return PresentRetirement.accountCredits(params.account, around)
        })
      )
  })
)
