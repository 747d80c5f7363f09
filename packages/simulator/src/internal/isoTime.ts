import * as DateTime from "effect/DateTime"

/** Formats milliseconds since 1970 as an ISO-8601 date-time in UTC, as the registry's JSON does. */
export const iso = (millis: number): string => DateTime.formatIso(DateTime.makeUnsafe(millis))
