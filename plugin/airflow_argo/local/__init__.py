"""The embedded Argo Server: one machine, no Kubernetes."""
