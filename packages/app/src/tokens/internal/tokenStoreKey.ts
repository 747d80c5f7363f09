/** The key of the `TokenStore` service, apart from its layers. */
import * as Context from "effect/Context"
import type { Service, TokenStore } from "../TokenStore.ts"

/** The key of `TokenStore` without its layers, so that a program without a store bundles none of it. */
export const TokenStoreKey = Context.Service<TokenStore, Service>("@effect-icr/app/TokenStore")
