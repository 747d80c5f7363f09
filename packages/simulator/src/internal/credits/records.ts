/** Records about credits: who holds them, who reserved them, what was asked for and what was retired. */
import type { CreditType } from "../../Credits.ts"

/** A credit that may be held. */
export interface Credit {
  readonly id: string
  readonly type: typeof CreditType.Type
  readonly tokenId: string
  readonly tokenAddress: string
  /** Number of the project. */
  readonly project: number
  readonly serialization: string
  readonly vintage: string
}

/** Where an organization holds credits. */
export type Place = "inventory" | "warehouse"

export interface Holding {
  readonly credit: Credit
  units: bigint
}

/** Holdings of an organization by credit id. */
export type Holdings = Readonly<Record<Place, Map<string, Holding>>>

/** What a certificate of retirement says. */
export interface RetirementData {
  readonly reason: string
  readonly beneficiaryName: string
  readonly comment?: string
}

export interface ReservationRecord {
  readonly id: string
  readonly organizationId: string
  /** The app that reserved, or the organization whose own token did. */
  readonly reserver: { readonly id: string; readonly name: string | undefined }
  readonly credit: Credit
  readonly units: bigint
  readonly createdAt: number
  updatedAt: number
  /** End of the hold. */
  heldTo: number
  /** Present when the reservation is complete. */
  transactionId: string | undefined
  released: boolean
}

export type RequestAction = "transfer" | "retire" | "transfer_retire" | "cancel"

/** `pending` waits for an administrator, `pending_queue` for the chain. */
export type RequestState = "pending" | "pending_queue" | "processed" | "failed" | "rejected"

export interface RequestRecord {
  readonly id: string
  /** An id of its own for webhooks, where the switch asks for one. */
  readonly transactionId: string
  readonly organizationId: string
  readonly action: RequestAction
  readonly credit: Credit
  readonly units: bigint
  readonly toOrganizationId: string | undefined
  readonly toAddress: string | undefined
  readonly retirement: RetirementData | undefined
  readonly createdAt: number
  updatedAt: number
  state: RequestState
  /** When an accepted request is processed. */
  dueAt: number
  /** Hash of the transaction once it is processed. */
  txId: string | undefined
}

export interface RetirementRecord {
  readonly id: string
  /** The registry's short id, counted from 1. */
  readonly number: number
  readonly createdAt: number
  /** The organization that retired. Absent for a retirement on the chain that nobody has claimed. */
  readonly ownerId: string | undefined
  readonly credit: Credit
  readonly units: bigint
  readonly data: RetirementData
}

/** Units of a credit that nobody holds any more. */
export interface Gone {
  retired: bigint
  cancelled: bigint
  /** Sent to an address that belongs to no organization. */
  outside: bigint
}

/** The books. Mutable maps, changed only in synchronous steps. */
export interface Books {
  /** Holdings of the organizations whose credits have moved. Those of the others follow from the seed. */
  readonly holdings: Map<string, Holdings>
  /** Reservations by organization and id, oldest first. */
  readonly reservations: Map<string, Map<string, ReservationRecord>>
  /** By organization, the reservations that may still hold credits. */
  readonly holds: Map<string, Set<ReservationRecord>>
  /** Credit requests by id, oldest first. */
  readonly requests: Map<string, RequestRecord>
  /** Accepted requests that wait to be processed. */
  readonly queue: Set<RequestRecord>
  /** Retirements by id, oldest first. */
  readonly retirements: Map<string, RetirementRecord>
  /** What is gone, by credit id. */
  readonly gone: Map<string, Gone>
}

/** Empty books. */
export const empty = (): Books => ({
  holdings: new Map(),
  reservations: new Map(),
  holds: new Map(),
  requests: new Map(),
  queue: new Set(),
  retirements: new Map(),
  gone: new Map()
})
