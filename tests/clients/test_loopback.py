"""The guard that keeps other people's clients on this machine does refuse, and notes what was wanted."""

from __future__ import annotations

import socket

import pytest

from b24kit.sandbox.server import Sandbox
from tests.clients.loopback import StrayConnection, is_loopback, loopback_only


def test_names_and_addresses_of_this_machine_are_told_from_all_others() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.1.2.3", "::1")))
    assert not any(map(is_loopback, ("portal.bitrix24.example", "192.0.2.1", "0.0.0.0", "2001:db8::1")))


def test_other_hosts_are_refused_before_they_are_tried() -> None:
    with loopback_only() as strays:
        with pytest.raises(StrayConnection), socket.socket() as one:
            one.connect(("192.0.2.1", 443))
        with pytest.raises(StrayConnection):
            socket.create_connection(("portal.bitrix24.example", 443))
    assert strays == ["192.0.2.1", "portal.bitrix24.example"]


def test_the_sandbox_is_reached(portal: Sandbox) -> None:
    with loopback_only() as strays:
        socket.create_connection((portal.host, portal.port)).close()
    assert strays == []
