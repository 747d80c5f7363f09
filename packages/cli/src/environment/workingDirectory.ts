/** The folder in which paths of the command line begin. */
import * as Effect from "effect/Effect"
import * as process from "node:process"

/**
 * Goes back to where the person stands. npm and pnpm run a package's script in the folder of the package, and say in
 * INIT_CWD where they were called: `pnpm icr init here` in a subfolder means the subfolder.
 */
export const enterCallersFolder = Effect.sync(() => {
  const { INIT_CWD, npm_lifecycle_event } = process.env
  if (npm_lifecycle_event === "icr" && INIT_CWD !== undefined) process.chdir(INIT_CWD)
})
