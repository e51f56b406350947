"""A portal over TLS for clients that other people wrote, with no way out of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from b24kit.sandbox.server import OFF, Sandbox
from tests.clients.loopback import loopback_only

NO_LIMITS = {**OFF, "work": {}, "workers": None, "latency": 0}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox a module: the authority's file is named in the environment before a client is imported."""
    ca_file = tmp_path_factory.mktemp("tls") / "ca.pem"
    with Sandbox(tls=True, ca_file=ca_file, clock="moved", grace=0.002, manners=OFF) as box:
        yield box


@pytest.fixture
def ca_file(served: Sandbox) -> Path:
    """The certificate of the sandbox's authority."""
    assert served.options.ca_file is not None
    return served.options.ca_file


@pytest.fixture
def portal(served: Sandbox) -> Sandbox:
    """The sandbox as the vendor hands a portal over: no cards, no limits, no faults, one administrator's webhook."""
    served.control.reset()
    served.control.settings(**NO_LIMITS, webhooks=[{"user_id": 1}])
    served.control.seed({"kind": "empty"})
    served.control.forget_metrics()
    return served


@pytest.fixture(autouse=True)
def _no_stray_connections() -> Iterator[None]:
    with loopback_only() as strays:
        yield
    assert strays == [], "a client wanted another host"
