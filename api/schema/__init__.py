"""The words of the API: GraphQL types, inputs and results, a file per noun."""
