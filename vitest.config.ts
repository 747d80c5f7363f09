import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

/** What one runs all day: behaviour in virtual time, without child processes, packages or foreign services. */
const unit = [
  "test/app/**/*.test.ts",
  "test/webhooks/**/*.test.ts",
  "test/registry/**/*.test.ts",
  "test/testing/**/*.test.ts"
]
const slow = [
  "test/app/secrets.test.ts",
  "test/app/sockets.test.ts",
  "test/app/TokenCacheProperty.test.ts",
  "test/webhooks/bundle.test.ts",
  "test/webhooks/WebhookQueue.test.ts",
  "test/registry/checkouts.test.ts",
  "test/testing/thousand.test.ts"
]

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/closingCount.ts"],
    // Real sockets, child processes and a browser: generous, since no test decides anything by time.
    testTimeout: 60_000,
    // Many tests wait for another process most of their time, so two run at once even where there are two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: "unit", include: unit, exclude: slow, isolate: false } },
      {
        extends: true,
        test: { name: "whole", include: ["test/**/*.test.ts"], exclude: ["**/node_modules/**", ...unit] }
      },
      { extends: true, test: { name: "slow", include: slow } }
    ]
  }
})
