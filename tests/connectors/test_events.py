"""Incoming requests of both vendors: proven in constant time, decoded into hints, and never trusted with more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b24kit.connectors.amocrm.events import AmoHook
from b24kit.connectors.amocrm.events import decode as decode_amo
from b24kit.connectors.amocrm.events import prove as prove_amo
from b24kit.connectors.bitrix24.events import BitrixHook, decode, prove
from b24kit.crm.event import Happened

TOKEN = "51856fefc120afa4b628cc82d3935cce"


def told(event: str, number: str = "7") -> dict[str, Any]:
    return {
        "event": event,
        "data": {"FIELDS": {"ID": number}},
        "ts": "1769000000",
        "auth": {"application_token": TOKEN},
    }


@pytest.mark.parametrize(
    ("event", "card", "kind"),
    [
        ("ONCRMLEADADD", "lead:7", Happened.ADDED),
        ("onCrmLeadUpdate", "lead:7", Happened.CHANGED),
        ("ONCRMDEALDELETE", "deal:7", Happened.DELETED),
        ("ONCRMDEALMOVETOCATEGORY", "deal:7", Happened.CHANGED),
        ("ONCRMACTIVITYADD", "activity:7", Happened.STIRRED),
    ],
)
def test_an_event_hints_at_a_card(event: str, card: str, kind: Happened) -> None:
    (hint,) = decode(told(event))
    assert (str(hint.card), hint.kind) == (card, kind)
    assert hint.at is not None
    assert hint.at.isoformat() == "2026-01-21T12:53:20+00:00"


@pytest.mark.parametrize(
    "form",
    [
        told("ONCRMLEADUSERFIELDADD"),
        told("ONAPPUNINSTALL"),
        told("ONCRMLEADADD", "7; drop"),
        told("ONCRMLEADADD", "-1"),
        told("ONCRMLEADADD", "0"),
        told("ONCRMLEADADD", "٧"),
        told("ONCRMLEADADD", "9" * 30),
        {"event": {"0": "ONCRMLEADADD"}},
        {"event": "ONCRMLEADADD", "data": "7"},
        {"code": "b24kit_look", "document_id": {"0": "crm", "1": "x", "2": "LEAD_x"}},
    ],
    ids=["field", "uninstall", "sql", "minus", "zero", "arabic", "long", "nested", "flat", "document"],
)
def test_what_is_no_card_is_no_hint(form: dict[str, Any]) -> None:
    assert decode(form) == []


def test_a_card_that_reaches_a_robot_of_ours_is_a_hint() -> None:
    form = {"code": "b24kit_look", "document_id": {"0": "crm", "1": "CCrmDocumentLead", "2": "LEAD_777"}}
    (hint,) = decode(form)
    assert str(hint.card) == "lead:777"


def test_only_a_known_token_proves_a_message() -> None:
    assert prove(told("ONCRMLEADADD"), {"0" * 32, TOKEN})
    assert not prove(told("ONCRMLEADADD"), {"0" * 32})
    assert not prove({"event": "ONCRMLEADADD"}, {TOKEN})
    assert not prove({"auth": {"application_token": {"0": TOKEN}}}, {TOKEN})
    assert not prove(told("ONCRMLEADADD"), set())


def test_a_hook_without_known_tokens_believes_nobody() -> None:
    assert not BitrixHook().prove({}) and not BitrixHook().prove(told("ONCRMLEADADD"))
    assert not BitrixHook(frozenset({TOKEN})).prove({})
    assert TOKEN not in repr(BitrixHook(frozenset({TOKEN})))


@pytest.mark.parametrize(
    ("form", "hints"),
    [
        ({"leads": {"add": {"0": {"id": "7", "pipeline_id": "1"}}}}, [("lead:7", Happened.ADDED)]),
        ({"leads": {"status": {"0": {"id": "7", "pipeline_id": "2"}}}}, [("deal:7", Happened.CHANGED)]),
        ({"contacts": {"update": {"0": {"id": "8", "type": "company"}}}}, [("company:8", Happened.CHANGED)]),
        ({"leads": {"delete": {"0": {"id": "7"}, "1": {"id": "9"}}}}, [("lead:7", "deleted"), ("lead:9", "deleted")]),
        ({"task": {"add": {"0": {"element_type": "2", "element_id": "5"}}}}, [("lead:5", Happened.STIRRED)]),
        ({"leads": {"note": {"0": {"note": {"element_type": "2", "element_id": "5"}}}}}, [("lead:5", "stirred")]),
        ({"unsorted": {"add": {"0": {"uid": "a1b2"}}}}, [("incoming:a1b2", Happened.ADDED)]),
        ({"leads": {"add": {"0": {"id": "x"}}}, "account": {"id": "1"}}, []),
        ({"leads": "7", "task": {"add": ["1"]}}, []),
    ],
    ids=["add", "status", "company", "delete", "task", "note", "unsorted", "no-number", "flat"],
)
def test_a_webhook_of_amocrm_hints_at_cards(form: dict[str, Any], hints: list[tuple[str, str]]) -> None:
    assert [(str(one.card), one.kind) for one in decode_amo(form, "1")] == hints


def test_a_form_of_another_account_is_not_proven() -> None:
    form = {"account": {"subdomain": "my", "id": "31000001"}}
    assert prove_amo(form, "31000001")
    assert not prove_amo(form, "31000002")
    assert not prove_amo({}, "31000001")
    assert AmoHook("31000001").prove(form)


KEYS = ("event", "data", "FIELDS", "ID", "auth", "leads", "add", "status", "0", "id", "note", "task", "unsorted", "uid")
WORDS = st.sampled_from(["ONCRMLEADADD", "7", "lead", "2", "", "-1", "\u0667", "\ud800", "9" * 40, "LEAD_7"])
TREES = st.recursive(WORDS, lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=3), max_leaves=10)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["event", "data", "leads", "task", "unsorted", "code", "document_id"]), TREES))
def test_no_form_breaks_a_decoder(form: dict[str, Any]) -> None:
    for hint in (*decode(form), *decode_amo(form, "1")):
        assert hint.card.id
    prove(form, {TOKEN})
    prove_amo(form, "my")
