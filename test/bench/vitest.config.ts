import { defineConfig } from "vitest/config"

/** The tests that need the peers: `pnpm bench:check`. */
export default defineConfig({
  test: { include: ["test/bench/peers/**/*.spec.ts"], testTimeout: 60_000 }
})
