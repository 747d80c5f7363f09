/** Installs the libraries that the benchmark measures us beside. */
import { installBeside } from "../support/ownInstall.ts"

installBeside(import.meta.url)
