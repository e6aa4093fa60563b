"""The commands of ``airflow-argo`` and ``airflow argo``."""
