/** Installs TypeDoc and the TypeScript it needs, which is not the workspace's. */
import { installBeside } from "../support/ownInstall.ts"

installBeside(import.meta.url)
