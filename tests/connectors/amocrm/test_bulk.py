"""Bulk writes: the vendor accepts or refuses a whole, every write has its own outcome all the same."""

from __future__ import annotations

import pytest

from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change, Create, Settled
from b24kit.errors import NotAllowed, UsageError

from .conftest import Desk


def test_of_a_refused_bulk_only_the_named_are_refused(desk: Desk) -> None:
    leads = desk.plant(20)
    writes = [
        Change(f"w{place}", ref, {"owner": "999999" if place in (3, 7) else "1"}) for place, ref in enumerate(leads)
    ]
    results = desk.do(*writes)
    refused = {key for key, result in results.items() if result.settled is Settled.REFUSED}
    assert refused == {"w3", "w7"}
    assert {result.settled for key, result in results.items() if key not in refused} == {Settled.DONE}
    assert results["w3"].code == "NotSupportedChoice" and "responsible_user_id" in results["w3"].said


def test_a_bulk_that_is_refused_without_a_name_is_halved_to_the_guilty(desk: Desk) -> None:
    leads = desk.plant(8)
    desk.control.faults({"kind": "refuse", "methods": ["PATCH /leads"], "status": 422, "numbers": [1, 2]})
    results = desk.do(*(Change(f"w{place}", ref, {"title": "new"}) for place, ref in enumerate(leads)))
    assert {result.settled for result in results.values()} == {Settled.DONE}
    assert sum(found["method"] == "PATCH /leads" for found in desk.control.requests()) >= 4


def test_a_card_is_never_twice_in_a_bulk_and_its_changes_keep_their_order(desk: Desk) -> None:
    (lead,) = desk.plant(1)
    results = desk.do(*(Change(f"w{turn}", lead, {"title": f"{turn}"}) for turn in range(5)))
    assert {result.settled for result in results.values()} == {Settled.DONE}
    assert desk.portal.read([lead])[lead].title == "4"  # type: ignore[union-attr]


def test_a_change_whose_link_is_refused_leaves_the_card_as_it_was(desk: Desk) -> None:
    (lead,) = desk.plant(1)
    results = desk.do(Change("w", lead, {"title": "new", "contact": "999999"}, {"title": "L0", "contact": None}))
    assert results["w"].settled is Settled.REFUSED
    assert desk.portal.read([lead])[lead].title == "L0"  # type: ignore[union-attr]


def test_a_new_contact_is_linked_to_its_company(desk: Desk) -> None:
    company = desk.do(Create("c", Kind.COMPANY, {"title": "Acme"}))["c"].new_id
    made = desk.do(Create("p", Kind.CONTACT, {"name": {"first": "Ann"}, "company": company}))["p"]
    ref = Ref(Kind.CONTACT, str(made.new_id))
    assert desk.portal.read([ref])[ref].company == company  # type: ignore[union-attr]


def test_a_block_of_the_account_stops_the_run_at_once(desk: Desk) -> None:
    leads = desk.plant(120)
    desk.control.faults({"kind": "html", "status": 403, "writes_only": True})
    desk.control.forget_metrics()
    with pytest.raises(NotAllowed) as caught:
        desk.do(*(Change(f"w{place}", ref, {"title": "x"}) for place, ref in enumerate(leads)))
    assert caught.value.code == "amo_account_blocked"
    sent = [found for found in desk.control.requests() if found["method"] == "PATCH /leads"]
    assert len(sent) <= 3  # those that were on their way; directories may be asked for before
    desk.control.faults()
    with pytest.raises(NotAllowed):
        desk.portal.stages()


def test_tags_are_added_and_taken_away_beside_those_of_others(desk: Desk) -> None:
    (lead,) = desk.plant(1)
    desk.do(Change("a", lead, {"extra": {"tags": ["ours"]}}, {"extra": {}}))
    desk.do(Change("b", lead, {"extra": {"tags": ["people"]}}, {"extra": {}}))  # somebody who knows nothing of ours
    desk.do(Change("c", lead, {"extra": {"tags": []}}, {"extra": {"tags": ["ours"]}}))
    assert desk.portal.read([lead])[lead].extra == {"tags": ["people"]}  # type: ignore[union-attr]


def test_what_the_vendor_has_no_way_for_is_refused_before_anything_is_sent(desk: Desk) -> None:
    (lead,) = desk.plant(1)
    desk.control.forget_metrics()
    with pytest.raises(UsageError):
        desk.do(Change("ok", lead, {"title": "x"}), Create("n", Kind.NOTICE, {"user": "1", "text": "x", "tag": "t"}))
    assert not any(found["method"].startswith("PATCH") for found in desk.control.requests())
