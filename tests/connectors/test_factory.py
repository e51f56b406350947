"""The one place where access becomes a portal."""

from __future__ import annotations

from pathlib import Path

from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.portal import Where
from b24kit.sandbox.remote import RemoteClock
from b24kit.sandbox.server import Sandbox


def test_a_portal_is_opened_with_nothing_asked_and_one_request_at_a_time_on_request(tmp_path: Path) -> None:
    with Sandbox(seed={"kind": "company", "leads": 60, "seed": 7}, clock="moved", grace=0.001) as sandbox:
        sandbox.control.forget_metrics()
        portal = open_portal(
            Webhook.parse(sandbox.webhook_url), RemoteClock(sandbox.control), state_dir=tmp_path, in_flight=1
        )
        assert sandbox.control.requests() == []
        assert sum(1 for _ in portal.leads(Where(open_only=True))) == 60
        portal.close()
        assert list(tmp_path.iterdir()), "what is used of the limits is shared through the state folder"


def test_an_open_portal_never_shows_its_secret() -> None:
    with Sandbox(seed={"kind": "empty"}, clock="moved", grace=0.001) as sandbox:
        portal = open_portal(Webhook.parse(sandbox.webhook_url), RemoteClock(sandbox.control))
        assert Webhook.parse(sandbox.webhook_url).secret not in repr(portal) + str(vars(portal))
        portal.close()
