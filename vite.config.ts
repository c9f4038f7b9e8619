import { svelte, vitePreprocess } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: "ui",
  base: "./",
  plugins: [svelte({ preprocess: vitePreprocess({ script: true }) })],
  // The Tauri shell reads its own output next to ours, and expects a port that does not move.
  clearScreen: false,
  server: { port: 1420, strictPort: true },
  build: { outDir: "dist", emptyOutDir: true, target: "safari16", chunkSizeWarningLimit: 900 },
  resolve: process.env.VITEST ? { conditions: ["browser"] } : {},
  test: { testTimeout: 30_000, environment: "jsdom", include: ["src/**/*.test.ts"], setupFiles: ["src/test/setup.ts"] },
});
