"""The bridge between Apache Airflow and Argo Workflows."""

__version__ = "0.1.0"
