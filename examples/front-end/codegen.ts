import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../schema.graphql",
  documents: ["src/**/*.ts", "!src/generated/**"],
  emitLegacyCommonJSImports: false,
  generates: {
    "src/generated/": {
      preset: "client",
      presetConfig: {
        // The gateway reads `persisted-documents.json` as it is: TRUSTED_DOCUMENTS.
        persistedDocuments: { hashAlgorithm: "sha256" },
        fragmentMasking: { unmaskFunctionName: "unmasked" },
      },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        defaultScalarType: "unknown",
        scalars: {
          BusinessId: "string",
          Citation: "string",
          Date: "string",
          DateTime: "string",
          ItemCode: "string",
          Long: "number",
          PersonalIdentityCode: "string",
        },
      },
    },
  },
};

export default config;
