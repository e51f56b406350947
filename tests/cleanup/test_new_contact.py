"""A new contact made of several letters keeps what the playbook's rules say, and the plan tells what gave way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from b24kit.change.operation import CreateRecord
from b24kit.crm.refs import Kind
from tests.cleanup.portal_of import NOW, lead, letter, plan, snapshot


def made(**rules: str) -> CreateRecord:
    """The contact of three letters of one mailbox, under three spellings and two sources."""
    records: list[Any] = []
    told = (("Анна Белова", "CALL"), ("Anna Belova", "EMAIL"), ("Anna Belova", "EMAIL"))
    for number, (name, source) in enumerate(told, 1):
        when = NOW - timedelta(days=90 - number)
        records += [
            replace(lead(number), source=source, created=when),
            letter(number, f"{name} <a.belova@mail.ru>", number, days=90 - number),
        ]
    draft = plan(snapshot(records), clean={"survive": rules})
    (one,) = [op for op in draft.operations if isinstance(op, CreateRecord) and op.kind is Kind.CONTACT]
    return one


@pytest.mark.parametrize(
    ("rule", "name"),
    [("fullest", "Анна"), ("most_frequent", "Anna"), ("newest", "Anna"), ("oldest", "Анна")],
    ids=["fullest", "most_frequent", "newest", "oldest"],
)
def test_the_name_goes_by_its_rule(rule: str, name: str) -> None:
    assert made(name=rule).values["name"]["first"] == name


@pytest.mark.parametrize(("rule", "source"), [("oldest", "CALL"), ("newest", "EMAIL"), ("most_frequent", "EMAIL")])
def test_the_source_goes_by_its_rule(rule: str, source: str) -> None:
    assert made(source=rule).values["source"] == source


def test_what_gave_way_is_told_with_the_letter_it_stood_on() -> None:
    kept = {one["field"]: one for one in made().reason.facts["kept"]}
    assert kept["name"]["rule"] == "fullest" and kept["name"]["lost"] == {
        "lead:2": "Anna Belova",
        "lead:3": "Anna Belova",
    }
    assert (kept["source"]["value"], kept["source"]["from"]) == ("CALL", "lead:1")
