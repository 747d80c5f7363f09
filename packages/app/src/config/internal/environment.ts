/** Reads single values from the environment, that is, through whichever `ConfigProvider` is installed. */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { IcrError } from "../../errors/IcrError.ts"
import { Configuration } from "../../errors/IcrReason.ts"
import { schemaIssues } from "../../errors/internal/schemaIssue.ts"

/** A `Configuration` failure that names the variable or option. */
export const configurationError = (variable: string, detail: string): IcrError =>
  new IcrError({ reason: new Configuration({ variable, detail }) })

/** The value of a variable, if it is set. */
export const envText = (variable: string): Effect.Effect<Option.Option<string>, IcrError> =>
  Config.option(Config.NonEmptyString(variable)).pipe(
    Effect.mapError(() => configurationError(variable, "must be a text that is not empty"))
  )

/** The value of a secret variable, if it is set. Its label is the variable's name, so that errors can name it. */
export const envSecret = (variable: string): Effect.Effect<Option.Option<Redacted.Redacted>, IcrError> =>
  Effect.map(
    envText(variable),
    Option.map((value) => Redacted.make(value, { label: variable }))
  )

/** Names the variable by its path; the provider's message is left out, since it may quote the value. */
export const fromConfigError = ({ cause }: Config.ConfigError): IcrError => {
  const first = Schema.isSchemaError(cause) ? schemaIssues(cause)[0] : undefined
  const variable = (first?.path ?? []).map((step) => String(typeof step === "object" ? step.key : step)).join("_")
  return configurationError(
    variable === "" ? "configuration" : variable,
    first === undefined ? "could not be read" : "is missing or not of the expected form"
  )
}
