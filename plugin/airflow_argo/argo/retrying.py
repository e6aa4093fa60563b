"""When a call is repeated, and after what pause; the same for both clients."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tenacity import RetryCallState, retry_if_exception

from airflow_argo.argo.api import Call
from airflow_argo.argo.errors import ArgoError, RateLimitedError, StreamEndedError
from airflow_argo.argo.failures import NoConnectionError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long a call is repeated, and in what rhythm.

    :param seconds: no attempt begins later than this after the first; the last one may still run into its timeout.
    :param first_pause: seconds before the second attempt; each further pause is twice as long.
    :param longest_pause: seconds that no pause exceeds, unless the server asks for more.
    :param clock: gives seconds that only ever grow.
    :param dice: gives a number from 0 to 1, so that many clients do not come back at the same moment.
    """

    seconds: float = 60.0
    first_pause: float = 0.5
    longest_pause: float = 10.0
    clock: Callable[[], float] = time.monotonic
    dice: Callable[[], float] = random.random

    def pause(self, attempt: int, error: BaseException | None) -> float:
        """Return the seconds to wait after this attempt, the first being 1."""
        # A float cannot hold 2 to the power of 1024.
        full = min(self.longest_pause, self.first_pause * 2.0 ** min(attempt - 1, 30))
        asked_for = error.retry_after if isinstance(error, RateLimitedError) else None
        return (asked_for or 0.0) + full * (1 + self.dice()) / 2

    def arguments(self, call: Call[Any]) -> dict[str, Any]:
        """Return what tenacity's ``Retrying`` and ``AsyncRetrying`` want, for a call that begins now."""
        deadline = self.clock() + self.seconds
        return {
            "retry": retry_if_exception(partial(worth_repeating, call)),
            "wait": lambda state: self.pause(state.attempt_number, _error_of(state)),
            "stop": lambda state: self.clock() + state.upcoming_sleep > deadline,
            "before_sleep": partial(_tell, self.seconds),
            "reraise": True,
        }


def worth_repeating(call: Call[Any], error: BaseException) -> bool:
    """Whether the same call may succeed later, and does no harm when the first one arrived after all.

    The end of a stream is for its reader to judge, who knows what has come already.
    """
    if not isinstance(error, ArgoError) or not error.transient or isinstance(error, StreamEndedError):
        return False
    return call.repeatable or isinstance(error, (NoConnectionError, RateLimitedError))


def _error_of(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _tell(patience: float, state: RetryCallState) -> None:
    error = _error_of(state)
    if state.attempt_number == 1:
        log.warning("%s Asking again in %.1f s, and so on for %g s.", error, state.upcoming_sleep, patience)
    else:
        words = error.message if isinstance(error, ArgoError) else error
        log.warning("%s Attempt %d follows in %.1f s.", words, state.attempt_number + 1, state.upcoming_sleep)
