import { defineConfig, type ViteUserConfig } from "vitest/config";

// isolated-vm needs --no-node-snapshot in every process that loads it.
const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["node_modules/**", "test/fixtures/**"],
    globalSetup: ["test/global-setup.ts"],
    pool: "forks",
    execArgv: ["--no-node-snapshot"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
export default config;
