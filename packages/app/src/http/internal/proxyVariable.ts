/** Finds out whether the environment asks for a proxy, for the message of a failed connection. */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"

const isSet = (name: string) => Effect.isSuccess(Config.NonEmptyString(name).parse(ConfigProvider.fromEnv()))

/**
 * The variable of the environment that asks for a proxy on the way to an address, if one is set. It is looked for where the
 * transports look, whichever `ConfigProvider` the program has: some of them heed it, others do not.
 */
export const proxyVariable = ({ protocol }: URL): Effect.Effect<string | undefined> => {
  const names = [`${protocol.replace(":", "")}_proxy`, "all_proxy"].flatMap((name) => [name.toUpperCase(), name])
  return Effect.map(Effect.filter(names, isSet), ([first]) => first)
}
