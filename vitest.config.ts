import { defineConfig, type ViteUserConfig } from "vitest/config";

// isolated-vm needs --no-node-snapshot in every process that loads it.
const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["node_modules/**", "test/fixtures/**"],
    globalSetup: ["test/global-setup.ts"],
    pool: "forks",
    execArgv: ["--no-node-snapshot"],
    // For machines that are slow or busy: what takes this long hangs.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
  },
});
export default config;
