import type { CodegenConfig } from "@graphql-codegen/cli";

const scalars = { BigInt: "number", Date: "string", DateTime: "string", JSON: "unknown" };

const config: CodegenConfig = {
  schema: "schema.graphql",
  documents: "documents/*.graphql",
  config: { strictScalars: true, scalars, enumsAsTypes: true },
  generates: {
    "__generated__/schema.ts": { plugins: ["typescript"] },
    "__generated__/operations.ts": { plugins: ["typescript-operations"] },
    "__generated__/client/": { preset: "client", presetConfig: { persistedDocuments: true } },
  },
};

export default config;
