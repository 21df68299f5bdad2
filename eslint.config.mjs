import pulumi from "@pulumi/eslint-plugin";
import security from "eslint-plugin-security";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules/", "coverage/", "examples/", "**/*.js", "*.mjs"] },
  ...tseslint.configs.strictTypeChecked,
  security.configs.recommended,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // These three ask about every variable index and path, in a program that is about files; what
      // they look for (names from a request) has its own checks in local/api.
      "security/detect-object-injection": "off",
      "security/detect-non-literal-fs-filename": "off",
      "security/detect-non-literal-regexp": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    // An Output in a template literal prints `Calling [toString] on an [Output<T>]` instead of its value.
    files: ["index.ts", "components/**/*.ts"],
    plugins: { "@pulumi": pulumi },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "error",
    },
  },
  {
    // components/lib is pure: text in, text out, so that it is tested by exact text without mocks.
    files: ["components/lib/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["@pulumi/*", "../*"], message: "components/lib/ is pure." }] },
      ],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // Tests say what they mean with literal commands and assertions on values known to be there.
      "security/detect-child-process": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
);
