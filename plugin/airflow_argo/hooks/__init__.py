"""Airflow hooks for Argo."""
