"""What Airflow's UI shows of Argo."""
