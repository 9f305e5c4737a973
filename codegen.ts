import type { CodegenConfig } from '@graphql-codegen/cli';

/** Typed documents for the tests: `graphql('query …')` knows its variables and its result. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: ['test/**/*.ts', '!test/**/generated/**'],
  ignoreNoDocuments: true,
  silent: true,
  generates: {
    'test/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        useTypeImports: true,
        scalars: { DateTime: 'string', JSONObject: 'Record<string, unknown>' },
        importExtension: '.ts',
      },
    },
  },
};

export default config;
