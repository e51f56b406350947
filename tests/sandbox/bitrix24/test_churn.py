"""The living portal: leads vanish and are born while a client reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from b24kit.sandbox.server import Sandbox
from tests.sandbox.wire import Wire, quiet


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with quiet() as running:
        yield running


def planted(box: Sandbox, count: int) -> Wire:
    wire = Wire(box)
    for start in range(0, count, 50):
        wire.batch(*(f"crm.lead.add?fields[TITLE]=L{start + number}" for number in range(50)))
    return wire


def test_every_third_page_one_lead_vanishes_and_one_is_born(box: Sandbox) -> None:
    wire = planted(box, 300)
    box.control.faults({"kind": "churn", "every": 3, "seed": 5})
    for _ in range(7):
        wire.call("crm.lead.list", {"start": -1, "select": ["ID"]})
    churned = box.control.faults_told()["churned"]
    left = {int(lead_id) for lead_id in box.control.dump(["lead"])["tables"]["lead"]}
    assert (len(churned["gone"]), len(churned["born"])) == (2, 2)
    assert churned["born"] == [301, 302]
    assert left == (set(range(1, 303)) - set(churned["gone"]))


def test_pages_of_the_universal_method_count_too_and_other_lists_do_not(box: Sandbox) -> None:
    wire = planted(box, 50)
    box.control.faults({"kind": "churn"})
    wire.call("crm.item.list", {"entityTypeId": 3})
    wire.call("crm.contact.list")
    assert box.control.faults_told()["churned"]["gone"] == []
    wire.call("crm.item.list", {"entityTypeId": 1})
    assert len(box.control.faults_told()["churned"]["gone"]) == 1


def test_paging_by_offset_loses_rows_of_a_living_portal_and_the_walk_along_the_id_does_not(box: Sandbox) -> None:
    wire = planted(box, 1000)
    before = set(wire_ids(box))
    box.control.faults({"kind": "churn", "every": 2, "seed": 3})
    by_offset: list[str] = []
    start = 0
    while start is not None:
        body = wire.call("crm.lead.list", {"start": start, "select": ["ID"], "order": {"ID": "ASC"}})[1]
        by_offset += [row["ID"] for row in body["result"]]
        start = body.get("next")
    assert set(wire_ids(box)) & before - set(by_offset)
    before = set(wire_ids(box))
    walked: list[str] = []
    rows = [{"ID": "0"}]
    while rows:
        asked = {"start": -1, "select": ["ID"], "order": {"ID": "ASC"}, "filter": {">ID": rows[-1]["ID"]}}
        rows = wire.call("crm.lead.list", asked)[1]["result"]
        walked += [row["ID"] for row in rows]
    assert len(walked) == len(set(walked))
    assert not set(wire_ids(box)) & before - set(walked)


def wire_ids(box: Sandbox) -> list[str]:
    return list(box.control.dump(["lead"])["tables"]["lead"])
