#!/bin/sh
# Makes a user and a database for Airflow, and for the demo. The postgres image runs it once, for an empty volume.
set -eu

for name in airflow demo; do
    case $name in
        airflow) password=$AIRFLOW_DB_PASSWORD ;;
        demo) password=$DEMO_DB_PASSWORD ;;
    esac
    psql --quiet --set=ON_ERROR_STOP=1 --set=name="$name" --set=password="$password" --username=postgres <<'SQL'
CREATE USER :"name" PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
done
