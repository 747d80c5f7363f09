import { ServerError, UnexpectedStatus } from "./answerReasons.ts"
import { DecodeFailure, Timeout, Transport } from "./callReasons.ts"
import type { IcrReason } from "../IcrReason.ts"

/** The same reason of a write that is known by now not to have been done. */
export const certain = (reason: IcrReason): IcrReason => {
  switch (reason._tag) {
    case "ServerError":
      return new ServerError({ ...reason, isDone: false })
    case "UnexpectedStatus":
      return new UnexpectedStatus({ ...reason, isDone: false })
    case "DecodeFailure":
      return new DecodeFailure({ ...reason, isDone: false })
    case "Transport":
      return new Transport({ ...reason, isDone: false })
    case "Timeout":
      return new Timeout({ ...reason, isDone: false })
    default:
      return reason
  }
}
