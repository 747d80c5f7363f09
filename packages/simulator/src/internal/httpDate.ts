import * as DateTime from "effect/DateTime"

/** A time in milliseconds since 1970 as the header `Date` writes it. */
export const httpDate = (millis: number): string => DateTime.toDateUtc(DateTime.makeUnsafe(millis)).toUTCString()
