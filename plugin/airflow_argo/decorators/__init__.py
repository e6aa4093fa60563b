"""TaskFlow decorators for Argo."""
