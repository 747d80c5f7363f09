/** What the checkout stands on: orders that are written down, and a payment provider. Both are doubles of a product's own. */
import { InstallationId, OrganizationId } from "@effect-icr/app/domain/Ids"
import { CreditId } from "@effect-icr/registry/domain/Ids"
import { Reservation } from "@effect-icr/registry/domain/Reservation"
import { FinishUncertain } from "@effect-icr/registry/Uncertain"
import { Finished } from "@effect-icr/registry/Warehouse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"

/** An order of half a tonne. */
export const Order = Schema.Struct({
  id: Schema.String,
  seller: InstallationId,
  creditId: CreditId,
  buyer: OrganizationId,
  buyerName: Schema.String
})
export type Order = typeof Order.Type

/** How far an order has come, as it is written down. */
export const Progress = Schema.TaggedUnion({
  /** Credits are held; the payment may have been taken. */
  Reserved: { order: Order, reservation: Reservation },
  /** The payment is taken; the retirement may have been made. */
  Paid: { order: Order, reservation: Reservation },
  /** The answer of the finish is lost, and a look did not tell. */
  Uncertain: { order: Order, uncertain: FinishUncertain },
  /** Not to be retired: the credits go back, then the money. */
  Cancelling: { order: Order, reservation: Reservation },
  Retired: { order: Order, finished: Finished },
  Done: { order: Order, certificate: Schema.Option(Schema.String) },
  Cancelled: { order: Order }
})
export type Progress = typeof Progress.Type

/** The buyer's bank said no. */
export class CardDeclined extends Schema.TaggedError<CardDeclined>()("CardDeclined", {}) {}

/** A payment provider. It knows an order by its number, so both calls may be repeated. */
export class Payments extends Context.Service<
  Payments,
  {
    readonly charge: (order: Order) => Effect.Effect<void, CardDeclined>
    readonly refund: (order: Order) => Effect.Effect<void>
    readonly isCharged: (id: string) => Effect.Effect<boolean>
  }
>()("examples/Payments") {
  static readonly layer = Layer.effect(
    Payments,
    Effect.gen(function* () {
      const charged = yield* Ref.make<ReadonlySet<string>>(new Set())
      return {
        charge: ({ buyerName, id }) =>
          buyerName === "Nobody" ? new CardDeclined() : Ref.update(charged, (ids) => new Set([...ids, id])),
        refund: ({ id }) => Ref.update(charged, (ids) => new Set([...ids].filter((other) => other !== id))),
        isCharged: (id) => Effect.map(Ref.get(charged), (ids) => ids.has(id))
      }
    })
  )
}

/** Where progress is written down: here files, in a product its database. */
export class Orders extends Context.Service<Orders, KeyValueStore.SchemaStore<typeof Progress>>()("examples/Orders") {
  static readonly layer = Layer.effect(
    Orders,
    Effect.map(KeyValueStore.KeyValueStore, (store) => KeyValueStore.toSchemaStore(store, Progress))
  )

  /** Ends the process, as a power cut does, when it is about to write this down. */
  static readonly endingBefore = (tag: Progress["_tag"]) =>
    Layer.effect(
      Orders,
      Effect.map(Orders, (orders) => ({
        ...orders,
        set: (id: string, progress: Progress) => (progress._tag === tag ? Effect.interrupt : orders.set(id, progress))
      }))
    )
}

/** Where certificates are saved. */
export class Folder extends Context.Service<Folder, string>()("examples/Folder") {}

/** Orders and certificates in a folder that is removed in the end. */
export const inTemporaryFolder = Layer.unwrap(
  Effect.gen(function* () {
    const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
    const path = yield* Path.Path
    return Layer.merge(
      Layer.succeed(Folder, folder),
      Orders.layer.pipe(Layer.provide(KeyValueStore.layerFileSystem(path.join(folder, "orders"))))
    )
  })
)
