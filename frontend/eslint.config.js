import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** One direction: app > features > genome > api, ui. Nobody imports what stands before it. */
const layers = [
  { files: ["src/features/**"], forbidden: ["**/app/*"] },
  { files: ["src/genome/**"], forbidden: ["**/app/*", "**/features/**"] },
  { files: ["src/api/**", "src/ui/**"], forbidden: ["**/app/*", "**/features/**", "**/genome/**"] },
];

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api/schema.d.ts", "scripts"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  reactHooks.configs.flat["recommended-latest"],
  jsxA11y.flatConfigs.recommended,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ["*.js"] }, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    files: ["src/**"],
    ignores: ["src/genome/igv/**"],
    rules: {
      "no-restricted-imports": ["error", { paths: [{ name: "igv", message: "Only src/genome/igv may import igv." }] }],
    },
  },
  ...layers.map(({ files, forbidden }) => ({
    files,
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: files.includes("src/genome/**") ? [] : [{ name: "igv", message: "Only src/genome/igv may import igv." }],
          patterns: [{ group: forbidden, message: "Imports run one way: app > features > genome > api, ui." }],
        },
      ],
    },
  })),
  {
    files: ["src/genome/signals/**", "src/genome/tracks/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: [{ name: "igv", message: "Only src/genome/igv may import igv." }],
          patterns: [{ group: ["**/app/*", "**/features/**"], message: "Imports run one way: app > features > genome > api, ui." }],
        },
      ],
    },
  },
  { files: ["*.js"], extends: [tseslint.configs.disableTypeChecked] },
);
