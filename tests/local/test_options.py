from pathlib import Path

import pytest

from airflow_argo.argo.errors import ArgoError
from airflow_argo.local.options import ServerOptions


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_on_this_machine_no_token_is_needed(host: str) -> None:
    assert ServerOptions(host=host).token() == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_others_may_not_reach_it_without_a_token(host: str, tmp_path: Path) -> None:
    with pytest.raises(ArgoError, match="--token-file"):
        ServerOptions(host=host).token()

    (tmp_path / "token").write_text("secret\n")
    assert ServerOptions(host=host, token_file=tmp_path / "token").token() == "secret"


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
def test_a_token_file_that_holds_no_token_is_refused(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ArgoError, match="token file"):
        ServerOptions(token_file=file).token()


def test_at_least_one_worker_is_needed() -> None:
    with pytest.raises(ArgoError, match="at least one worker"):
        ServerOptions(workers=0).check()


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_there_is_not_is_refused(port: int) -> None:
    with pytest.raises(ArgoError, match=f"--port {port}"):
        ServerOptions(port=port).check()
