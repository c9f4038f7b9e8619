import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

export default ts.config(
  { ignores: ["ui/dist/**", "ui/frame/**", "ui/src/ipc/bindings.ts", "node_modules/**", "target/**"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    rules: {
      "no-console": "error",
      // Types and undefined names are svelte-check's task.
      "no-undef": "off",
      "svelte/no-navigation-without-resolve": "off",
      // State that is replaced whole ($state.raw) or not shown at all needs no reactive collections.
      "svelte/prefer-svelte-reactivity": "off",
      "@typescript-eslint/no-unused-vars": ["error", { varsIgnorePattern: "^_", argsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["ui/src/**"],
    ignores: ["ui/src/ipc/tauri.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["@tauri-apps/*"], message: "Tauri is used in ipc/tauri.ts alone." }] },
      ],
    },
  },
);
