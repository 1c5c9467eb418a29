import graphql from "@graphql-eslint/eslint-plugin";

const here = "schema.graphql";
const documents = "documents/*.graphql";

// Why each of these is not followed stands in docs/decisions (the one on the schema and its tools).
const notFollowed = {
  "@graphql-eslint/alphabetize": "off",
  "@graphql-eslint/input-name": "off",
  "@graphql-eslint/no-root-type": "off",
  "@graphql-eslint/require-deprecation-date": "off",
  "@graphql-eslint/require-nullable-result-in-root": "off",
  "@graphql-eslint/strict-id-in-types": "off",
};

export default [
  {
    files: ["**/*.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: here, documents } },
    },
  },
  {
    files: ["**/schema.graphql"],
    rules: {
      ...graphql.configs["flat/schema-all"].rules,
      ...graphql.configs["flat/schema-relay"].rules,
      ...notFollowed,
      "@graphql-eslint/relay-edge-types": [
        "error",
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          rootField: true,
          EnumValueDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
        },
      ],
    },
  },
  {
    files: ["documents/*.graphql"],
    rules: {
      ...graphql.configs["flat/operations-recommended"].rules,
    },
  },
];
