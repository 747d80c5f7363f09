/** The global option `--env-file`: more variables, beneath those of the environment. */
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Failure } from "../failure/failure.ts"

/** The file given by `--env-file`. */
export const EnvFile = GlobalFlag.Setting("env-file")({
  flag: Flag.String("env-file").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("Take variables that the environment does not set from this file, such as .env"),
    Flag.optional
  )
})

const readFile = (path: string) =>
  Effect.mapError(
    ConfigProvider.fromDotEnv({ path }),
    ({ reason }) =>
      new Failure({ kind: "configuration", message: `--env-file ${path} could not be read (${reason._tag})` })
  )

/** The environment, and where it has no such variable, the file. So `ICR_BASE_URL=… icr …` overrides a file for one run. */
export const layer = ConfigProvider.layer(
  Effect.gen(function* () {
    const environment = ConfigProvider.fromEnv()
    const path = yield* EnvFile
    return Option.isNone(path) ? environment : ConfigProvider.orElse(environment, yield* readFile(path.value))
  })
)
