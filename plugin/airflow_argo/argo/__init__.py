"""What Argo Workflows is; knows nothing of Airflow."""
