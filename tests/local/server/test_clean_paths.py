import pytest

from airflow_argo.local.server.clean_paths import cleaned


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("/", "/"),
        ("//", "/"),
        ("", "/"),
        ("//api/v1/version", "/api/v1/version"),
        ("/api//v1/version", "/api/v1/version"),
        ("/api/v1/workflows//", "/api/v1/workflows/"),
        ("/api/v1/workflows/", "/api/v1/workflows/"),
        ("/api/v1/workflows/../version", "/api/v1/version"),
        ("/api/./v1", "/api/v1"),
        ("/../..//etc/passwd", "/etc/passwd"),
        ("//example.org/x", "/example.org/x"),
        ("/api/v1/workflows/argo/%2e%2e", "/api/v1/workflows/argo/%2e%2e"),
    ],
)
def test_a_path_is_cleaned_as_go_cleans_it(path: str, clean: str) -> None:
    assert cleaned(path) == clean
