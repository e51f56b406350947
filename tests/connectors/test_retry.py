"""What may be repeated: reads after any failure of the wire, writes only when the portal surely did nothing."""

from __future__ import annotations

import pytest

from b24kit.clock import FakeClock
from b24kit.connectors.retry import TRIES, repeated
from b24kit.errors import B24kitError, BadAnswer, MethodPaused, NoAnswer, NotAllowed, TooFast

NOT_SENT = NoAnswer("portal_unreachable", sent=False)
SENT = NoAnswer("connection_broke", sent=True)
HTML = BadAnswer("html_answer", status=502)


class Stubborn:
    """Fails so many times, then gives 7."""

    def __init__(self, error: B24kitError, times: int) -> None:
        self.error, self.left, self.calls = error, times, 0

    def __call__(self) -> int:
        self.calls += 1
        if self.calls <= self.left:
            raise self.error
        return 7


@pytest.mark.parametrize("error", [TooFast("too_fast"), NOT_SENT, MethodPaused("method_paused")])
def test_a_write_is_repeated_when_nothing_was_done(error: B24kitError) -> None:
    assert repeated(Stubborn(error, 3), FakeClock(), reads=False) == 7


@pytest.mark.parametrize("error", [SENT, HTML])
def test_a_write_of_unknown_outcome_is_never_repeated(error: B24kitError) -> None:
    work = Stubborn(error, 1)
    with pytest.raises(type(error)):
        repeated(work, FakeClock(), reads=False)
    assert work.calls == 1


@pytest.mark.parametrize("error", [SENT, HTML, NOT_SENT])
def test_a_read_is_repeated_and_given_up_in_the_end(error: B24kitError) -> None:
    assert repeated(Stubborn(error, 4), FakeClock(), reads=True) == 7
    work = Stubborn(error, 99)
    with pytest.raises(type(error)):
        repeated(work, FakeClock(), reads=True)
    assert work.calls == TRIES


def test_a_wrong_secret_is_not_tried_again() -> None:
    work = Stubborn(NotAllowed("wrong_secret"), 1)
    with pytest.raises(NotAllowed):
        repeated(work, FakeClock(), reads=True)
    assert work.calls == 1


def test_waits_double_from_one_second_of_the_clock() -> None:
    clock = FakeClock()
    repeated(Stubborn(TooFast("too_fast"), 7), clock, reads=False)
    assert clock.monotonic() == 1 + 2 + 4 + 8 + 16 + 30 + 30


def test_who_is_stopped_does_not_wait_any_more() -> None:
    work = Stubborn(TooFast("too_fast"), 3)
    with pytest.raises(TooFast):
        repeated(work, FakeClock(), reads=False, stopped=lambda: True)
    assert work.calls == 1
