/** Reads values through whichever `ConfigProvider` is installed: single variables, and a `Config` for each option. */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { IcrError } from "../../errors/IcrError.ts"
import { issuePath, schemaIssues } from "../../errors/internal/schemaIssue.ts"
import { clean, configurationError, layerOptions, readSecret, readText } from "./validate.ts"

const readVariable =
  <A>(read: (name: string, given: unknown) => Effect.Effect<A, IcrError>) =>
  (variable: string): Effect.Effect<Option.Option<A>, IcrError> =>
    Effect.matchEffect(Config.option(Config.String(variable)), {
      onFailure: () => Effect.fail(configurationError(variable, "must be a text")),
      onSuccess: Option.match({
        onNone: () => Effect.succeedNone,
        onSome: (given) =>
          clean(given) === ""
            ? Effect.fail(configurationError(variable, "is empty; set it or remove it"))
            : Effect.asSome(read(variable, given))
      })
    })

/** The value of a variable, if it is set. */
export const envText = readVariable(readText)

/** The value of a secret variable, if it is set. Its label is the variable's name, so that errors can name it. */
export const envSecret = readVariable<Redacted.Redacted>(readSecret)

/** Names the variable by its path; the provider's message is left out, since it may quote the value. */
export const fromConfigError = ({ cause }: Config.ConfigError): IcrError => {
  const first = Schema.isSchemaError(cause) ? schemaIssues(cause)[0] : undefined
  return configurationError(
    issuePath(first).map(String).join("_") || "configuration",
    first === undefined ? "could not be read" : "is missing or not of the expected form"
  )
}

/** The options of a layer from a `Config` for each of them, or from one for all. */
export const readConfig = Effect.fnUntraced(function* <A>(config: Config.Wrap<A>): Effect.fn.Return<A, IcrError> {
  const options = Config.isConfig(config) ? {} : yield* layerOptions<object>(config)
  const wrong = Object.entries(options).find(([, value]) => !Config.isConfig(value))
  if (wrong !== undefined) return yield* configurationError(wrong[0], "must be a Config")
  return yield* Effect.mapError(Config.unwrap(config), fromConfigError)
})
