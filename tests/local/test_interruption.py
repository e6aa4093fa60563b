from __future__ import annotations

import signal
import threading

import pytest

from airflow_argo.local.interruption import interruptions


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_is_a_wish_and_the_second_an_order(number: signal.Signals, status: int) -> None:
    before = signal.getsignal(number)
    with interruptions() as asked:
        assert asked.status == 0
        signal.raise_signal(number)
        assert asked.status == status
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_other_threads_get_no_signals() -> None:
    found: list[int] = []

    def run() -> None:
        with interruptions() as asked:
            found.append(asked.status)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [0]
