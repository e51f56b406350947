"""The one place where access becomes a portal: callers hand in what they hold and get the Portal protocol back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from b24kit.clock import Clock
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.fieldnames import check_filter
from b24kit.connectors.bitrix24.portal import BitrixPortal
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.pacing import Limits
from b24kit.connectors.tap import Tap
from b24kit.crm.portal import Portal


def open_portal(
    credentials: Webhook,
    clock: Clock,
    *,
    state_dir: Path | None = None,
    limits: Limits | None = None,
    in_flight: int = 8,
    tap: Tap | None = None,
    on_moved: Callable[[str], None] | None = None,
) -> Portal:
    """A portal ready for work; nothing is asked of it yet. Close it when done.

    `state_dir` is where all processes of this machine share what is used of the portal's limits (None: this process
    only), `limits` those of the profile, `in_flight` the most requests at a time, `tap` an optional recorder of calls;
    `on_moved(host)` hears of a renamed portal.
    """
    client = RestClient(
        credentials,
        clock=clock,
        state_dir=state_dir,
        max_in_flight=in_flight,
        limits=limits,
        tap=tap,
        check_filter=check_filter,
        on_moved=on_moved,
    )
    return BitrixPortal(client, host=credentials.host)
