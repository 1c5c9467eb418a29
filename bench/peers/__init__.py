"""GraphQL servers of others beside ours: PostGraphile 5, and Mercurius with its JIT."""
