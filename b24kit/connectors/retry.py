"""Which failures may be repeated, and how long to wait: never a blind repeat of a write whose outcome is unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying

from b24kit.clock import Clock
from b24kit.errors import BadAnswer, MethodPaused, NoAnswer, TooFast

T = TypeVar("T")

TRIES = 5  # for broken answers and a portal that is not there: 1 + 2 + 4 + 8 s of waiting
PATIENT_TRIES = 40  # while the portal only says that we are too fast; it did nothing, so nothing can go wrong
LONGEST = 30.0


def surely_not_executed(error: BaseException) -> bool:
    """Whether the portal did nothing: refused for speed, or never reached."""
    return isinstance(error, TooFast | MethodPaused) or (
        isinstance(error, NoAnswer) and error.facts.get("sent") is False
    )


def may_repeat(error: BaseException, *, reads: bool) -> bool:
    """Reads may always be repeated after a failure of the wire; writes only when they surely were not executed."""
    return surely_not_executed(error) or (reads and isinstance(error, NoAnswer | BadAnswer))


def repeated(
    work: Callable[[], T],
    clock: Clock,
    *,
    reads: bool,
    paused: bool = True,
    stopped: Callable[[], bool] = lambda: False,
) -> T:
    """Do `work` until it ends well or may not be repeated; the last error comes out as itself.

    `paused`: also wait out a method's pause here (`work` itself waits for it); `stopped` ends all waiting.
    """

    def again(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if error is None or stopped() or (isinstance(error, MethodPaused) and not paused):
            return False
        return may_repeat(error, reads=reads)

    return Retrying(sleep=clock.sleep, wait=_wait, stop=_enough, retry=again, reraise=True)(work)


def _wait(state: RetryCallState) -> float:
    """1, 2, 4 ... 30 s. A paused method waits at its meter instead."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, MethodPaused):
        return 0.0
    return float(min(LONGEST, 2.0 ** (state.attempt_number - 1)))


def _enough(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return state.attempt_number >= (PATIENT_TRIES if isinstance(error, TooFast | MethodPaused) else TRIES)
