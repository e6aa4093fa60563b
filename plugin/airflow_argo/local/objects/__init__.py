"""ConfigMaps and Secrets of the embedded server: YAML files in one directory, read when they are needed."""

from airflow_argo.local.objects.directory import Objects

__all__ = ["Objects"]
