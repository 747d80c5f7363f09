/** Reads the query of a callback. */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { InstallError } from "../InstallError.ts"

const parse = Option.liftThrowable((url: string | URL) => new URL(url, "http://callback.invalid"))

/** Rejects duplicate parameters: one part of a program could check the first one and another part read the second. */
const only = (query: URLSearchParams, name: string) => {
  const [value = "", ...more] = query.getAll(name)
  return value !== "" && more.length === 0 ? Option.some(value) : Option.none()
}

const orRefuse = <A>(value: Option.Option<A>, kind: InstallError["kind"]) =>
  Result.fromOption(value, () => new InstallError({ kind }))

/** The parameters of a callback, whose URL is given whole or from its path on. None of them is verified. */
export const callbackOf = (url: string | URL) =>
  Result.gen(function* () {
    const { searchParams } = yield* orRefuse(parse(url), "callbackMalformed")
    return {
      state: yield* orRefuse(only(searchParams, "state"), "stateMissing"),
      installationId: yield* orRefuse(only(searchParams, "installationId"), "installationIdMissing"),
      event: only(searchParams, "event")
    }
  })
