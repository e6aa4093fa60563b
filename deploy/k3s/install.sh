#!/bin/sh
# Installs Argo Workflows into the k3s of docker-compose.yaml, and writes the token that Airflow shows to it.
set -eu

kubectl() {
    command kubectl --kubeconfig=/kubeconfig/k3s.yaml --server=https://k3s:6443 --namespace=argo "$@"
}

# Argo's CRDs are too large for what a client-side apply notes down.
kubectl apply --server-side --force-conflicts -k /deploy/k3s
kubectl create secret generic database --from-literal=url="$DEMO_DATABASE_URL" --dry-run=client -o yaml |
    kubectl apply --server-side --force-conflicts -f -
kubectl rollout status deployment/workflow-controller --timeout=300s
kubectl rollout status deployment/argo-server --timeout=300s

umask 027
token=
until [ -n "$token" ]; do
    token=$(kubectl get secret airflow-token -o go-template='{{with .data}}{{.token|base64decode}}{{end}}')
    [ -n "$token" ] || sleep 1
done
echo "$token" >/opt/airflow/argo/token.new
mv /opt/airflow/argo/token.new /opt/airflow/argo/token
echo "Argo Workflows is ready."
