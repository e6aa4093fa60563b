"""Artifacts as files: the store, archives, and what is fetched by HTTP."""
