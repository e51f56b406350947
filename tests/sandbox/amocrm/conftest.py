"""A fake amoCRM account on a moved clock, without limits, as the vendor hands it over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from b24kit.sandbox.server import Sandbox
from tests.sandbox.amocrm.wire import NO_LIMITS, Wire


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with Sandbox(vendor="amocrm", clock="moved", grace=0.001, manners=NO_LIMITS) as box:
        yield box


@pytest.fixture
def wire(served: Sandbox) -> Iterator[Wire]:
    """A client of the account with one administrator, one pipeline and the predefined fields."""
    served.control.reset()
    served.control.settings(**NO_LIMITS, latency=0, work={}, tokens=[{"user_id": 1}])
    served.control.seed({"kind": "empty"})
    served.control.forget_metrics()
    made = Wire(served)
    yield made
    made.client.close()
