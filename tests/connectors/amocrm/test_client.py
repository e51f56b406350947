"""The wire under stress: flaps, web pages, heavy lists, limits, and secrets that stay where they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from b24kit.connectors.amocrm.access import LongLived
from b24kit.connectors.amocrm.client import AmoClient
from b24kit.connectors.amocrm.exchange import FLAPS
from b24kit.connectors.tap import Tap
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import NotAllowed, UsageError

from .conftest import Desk


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "unpaid", "count": 2},
        {"kind": "hiccup", "count": 1},
        {"kind": "html", "status": 502, "count": 2},
        {"kind": "busy", "count": 2, "retry_after": 3},
        {"kind": "truncated", "count": 1},
        {"kind": "cut_after", "count": 1},
    ],
    ids=lambda fault: str(fault["kind"]),
)
def test_a_question_outlives_what_passes(desk: Desk, fault: dict[str, Any]) -> None:
    desk.control.faults(fault)
    assert desk.portal.stages()


def test_an_account_that_stays_unpaid_is_told_so(desk: Desk) -> None:
    desk.control.faults({"kind": "unpaid"})
    before = desk.clock.monotonic()
    with pytest.raises(NotAllowed) as caught:
        desk.portal.stages()
    assert caught.value.code == "plan_ended" and desk.clock.monotonic() - before >= sum(FLAPS)


def test_a_page_that_is_too_heavy_is_read_in_parts(desk: Desk) -> None:
    desk.plant(300)
    desk.control.faults({"kind": "html", "status": 504, "methods": ["GET /leads"], "count": 2})
    desk.control.log_calls(True)
    assert len(list(desk.portal.leads())) == 300
    limits = [
        call["path"].partition("limit=")[2].partition("&")[0] for call in desk.control.calls() if "?" in call["path"]
    ]
    assert {"125", "50"} & set(limits)


def test_rows_that_do_not_fit_the_question_are_dropped(desk: Desk) -> None:
    desk.plant(5)
    client = desk.client
    client.exchange.send = _without_filters(client.exchange.send)  # type: ignore[method-assign]
    wanted = [lead.id for lead in desk.portal.leads()][:2]
    found = desk.portal.read([Ref(Kind.LEAD, one) for one in wanted])
    assert sorted(ref.id for ref in found) == sorted(wanted)
    assert list(desk.portal.deals()) == []


def _without_filters(send: Any) -> Any:
    """An account whose plan has no filters: they are ignored with 200."""

    def sent(verb: str, path: str, query: Any = (), body: Any = None, **more: Any) -> Any:
        return send(verb, path, [pair for pair in query if not pair[0].startswith("filter")], body, **more)

    return sent


def test_a_wrong_token_is_refused_with_a_word_and_not_repeated(desk: Desk) -> None:
    access = LongLived(desk.client.access.host, "wrong-wrong-wrong-wrong", "http")
    client = AmoClient(access, clock=desk.clock)
    desk.control.forget_metrics()
    with pytest.raises(NotAllowed) as caught:
        client.get("/account")
    client.close()
    assert caught.value.code == "amo_token_refused" and desk.control.metrics()["requests"] == 1
    assert access.token not in str(caught.value)


def test_a_record_of_calls_holds_no_token(desk: Desk, tmp_path: Path) -> None:
    tap = Tap(tmp_path / "calls.jsonl")
    client = AmoClient(desk.client.access, clock=desk.clock, tap=tap)
    client.get("/account", [("with", "version")])
    client.close()
    text = tap.path.read_text(encoding="utf-8")
    assert '"path": "/api/v4/account?with=version"' in text and desk.sandbox.token not in text


def test_a_bulk_is_never_bigger_than_the_vendor_takes(desk: Desk) -> None:
    with pytest.raises(UsageError):
        AmoClient(desk.client.access, clock=desk.clock, batch=251)
