"""Looking at what a model has learned."""
