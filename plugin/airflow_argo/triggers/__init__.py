"""Airflow triggers for Argo."""
