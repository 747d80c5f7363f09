import { ServerError, UnexpectedStatus } from "./answerReasons.ts"
import { DecodeFailure, Timeout, Transport } from "./callReasons.ts"
import type { IcrReason } from "../IcrReason.ts"

/** A reason without doubt about whether the write was done: marked `idempotent`, since sending it again does no harm. */
export const certain = (reason: IcrReason): IcrReason => {
  switch (reason._tag) {
    case "ServerError":
      return new ServerError({ ...reason, idempotent: true })
    case "UnexpectedStatus":
      return new UnexpectedStatus({ ...reason, idempotent: true })
    case "DecodeFailure":
      return new DecodeFailure({ ...reason, idempotent: true })
    case "Transport":
      return new Transport({ ...reason, idempotent: true })
    case "Timeout":
      return new Timeout({ ...reason, idempotent: true })
    default:
      return reason
  }
}
