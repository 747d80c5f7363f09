import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./test/support/closingCount.ts"],
    // Real sockets, child processes and a browser: generous, since no test decides anything by time.
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
