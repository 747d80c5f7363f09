/** Reads single values from the environment, that is, through whichever `ConfigProvider` is installed. */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { IcrError } from "../../errors/IcrError.ts"
import { issuePath, schemaIssues } from "../../errors/internal/schemaIssue.ts"
import { clean } from "./clean.ts"
import { configurationError, readSecret, readText } from "./validate.ts"

const readVariable = Effect.fnUntraced(function* <A>(
  variable: string,
  read: (name: string, given: unknown) => Effect.Effect<A, IcrError>
): Effect.fn.Return<Option.Option<A>, IcrError> {
  const given = yield* Effect.mapError(Config.option(Config.String(variable)), () =>
    configurationError(variable, "must be a text")
  )
  if (Option.isNone(given)) return Option.none()
  if (clean(given.value) === "") return yield* configurationError(variable, "is empty; set it or remove it")
  return Option.some(yield* read(variable, given.value))
})

/** The value of a variable, if it is set. */
export const envText = (variable: string): Effect.Effect<Option.Option<string>, IcrError> =>
  readVariable(variable, readText)

/** The value of a secret variable, if it is set. Its label is the variable's name, so that errors can name it. */
export const envSecret = (variable: string): Effect.Effect<Option.Option<Redacted.Redacted>, IcrError> =>
  readVariable(variable, readSecret)

/** Names the variable by its path; the provider's message is left out, since it may quote the value. */
export const fromConfigError = ({ cause }: Config.ConfigError): IcrError => {
  const first = Schema.isSchemaError(cause) ? schemaIssues(cause)[0] : undefined
  const variable = issuePath(first).map(String).join("_")
  return configurationError(
    variable === "" ? "configuration" : variable,
    first === undefined ? "could not be read" : "is missing or not of the expected form"
  )
}
