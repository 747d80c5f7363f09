import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { IcrError } from "../IcrError.ts"
import { refusal } from "./installState.ts"

/** What a callback's query says, none of it believed. */
export interface Callback {
  readonly installationId: string
  readonly state: string
  readonly event: Option.Option<string>
}

const parse = Option.liftThrowable((url: string | URL) => new URL(url, "http://callback.invalid"))

/** A parameter given twice is nobody's: what checks one and what reads the other may not be the same. */
const only = (query: URLSearchParams, name: string) => {
  const [value = "", ...more] = query.getAll(name)
  return value !== "" && more.length === 0 ? Option.some(value) : Option.none()
}

/** Parses a callback, given whole or from its path on. */
export const callbackOf = (url: string | URL): Result.Result<Callback, IcrError> => {
  const parsed = parse(url)
  if (Option.isNone(parsed)) return Result.fail(refusal("callbackMalformed"))
  const query = parsed.value.searchParams
  const state = only(query, "state")
  if (Option.isNone(state)) return Result.fail(refusal("stateMissing"))
  const installationId = only(query, "installationId")
  if (Option.isNone(installationId)) return Result.fail(refusal("installationIdMissing"))
  return Result.succeed({ state: state.value, installationId: installationId.value, event: only(query, "event") })
}
