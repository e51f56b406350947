"""What gates ask for against the views of cards on a portal of either vendor: pipelines apart, rights, lost answers,
and views that cannot be added to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from b24kit.change.operation import UpdateRecord
from b24kit.crm.layout import SIMPLE, Layout, deal_view, lead_view
from b24kit.crm.writes import Change, Settled
from b24kit.errors import UsageError
from b24kit.playbook.card_layout import SECTION, LayoutDraft, draft_layout
from b24kit.playbook.loader import parse_playbook
from b24kit.playbook.robot_fields import draft_fields
from tests.robots.office import Office, office

BOOK = """
b24kit: 1
name: gates
title: {ru: Проба, en: Trial}
gates:
  fields: {role: UF_CRM_ROLE, obstacle: UF_CRM_OBSTACLE, nowhere: UF_CRM_NOWHERE}
  gates:
    - {stage: NEW, leave: [role]}
    - {pipeline: Общая, stage: NEW, leave: [obstacle]}
    - {pipeline: "0", stage: WON, enter: [role]}
    - {pipeline: Которой нет, stage: NEW, leave: [role]}
"""
MAIN = {"name": "main", "title": "О карточке", "type": "section", "elements": [{"name": "TITLE"}]}
SEED = {"kind": "company", "leads": 5, "seed": 7}


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, vendor="bitrix24", seed=SEED) as portal:
        yield portal


def arranged(at: Office, type_id: int, extras: dict[str, int], *sections: dict[str, Any]) -> None:
    """A person saves a view for all at the portal."""
    sent = {"entityTypeId": type_id, "scope": "C", "extras": extras, "data": list(sections)}
    answer = httpx.post(f"{at.box.webhook_url}crm.item.details.configuration.set", json=sent)
    assert answer.status_code == 200, answer.text


def drafted(at: Office, book: str = BOOK, **facts: Any) -> LayoutDraft:
    playbook = parse_playbook(book, "gates.yaml")
    portal: Any = at.portal
    made = draft_fields(playbook, portal)
    return draft_layout(playbook, portal, replace(portal.facts(), **facts), made)


def sections(operation: Any) -> list[str]:
    assert isinstance(operation, UpdateRecord)
    return [one["name"] for one in operation.after["sections"][SECTION]["elements"]]


def test_every_pipeline_gets_what_its_own_gates_ask_for_under_whatever_name(found: Office) -> None:
    arranged(found, 1, {"leadCustomerType": 1}, MAIN)
    arranged(found, 2, {"dealCategoryId": 0}, MAIN)
    draft = drafted(found)
    by_view = {one.target: sections(one) for one in draft.operations}
    assert by_view == {
        lead_view(SIMPLE): ["UF_CRM_ROLE"],
        deal_view("0"): ["UF_CRM_OBSTACLE", "UF_CRM_ROLE"],
    }
    assert all(one.needs for one in draft.operations)  # fields of this very plan come first
    assert [note.facts for note in draft.notes if note.code.endswith("no_pipeline")] == [{"pipeline": "Которой нет"}]


def test_without_leads_and_without_rights_nothing_is_promised(found: Office) -> None:
    arranged(found, 1, {"leadCustomerType": 1}, MAIN)
    draft = drafted(found, leads_on=False)
    assert draft.operations == () and [state for _, state in draft.views] == ["bare"]  # deals alone, nobody saved
    refused = drafted(found, admin=False)
    assert (refused.operations, refused.views) == ((), ())
    assert [note.code for note in refused.notes] == ["install.layout_not_admin"]


def test_sections_of_one_name_are_not_touched(found: Office) -> None:
    arranged(found, 1, {"leadCustomerType": 1}, MAIN, MAIN)
    portal: Any = found.portal
    assert portal.read([lead_view(SIMPLE)]) == {}
    assert [one.key for one in drafted(found).steps] == ["card-view"]


def test_a_lost_answer_is_settled_by_looking_at_the_view(found: Office) -> None:
    arranged(found, 1, {"leadCustomerType": 1}, MAIN)
    portal: Any = found.portal
    ref = lead_view(SIMPLE)
    before = portal.read([ref])[ref]
    assert isinstance(before, Layout)
    ours = {"title": "Для перехода", "type": "section", "elements": [{"name": "COMMENTS", "optionFlags": "1"}]}
    seen = {"sections": {**before.sections, SECTION: None}}
    write = Change("p.layout", ref, {"sections": {SECTION: ours}}, seen)
    assert portal.settle([write])["p.layout"].settled is Settled.NOT_EXECUTED
    (result,) = portal.perform([write], lambda _: None)
    assert result.settled is Settled.DONE
    assert portal.settle([write])["p.layout"].settled is Settled.DONE
    assert portal.read([ref])[ref].sections == {**before.sections, SECTION: ours}
    back = Change("p.back", ref, {"sections": {SECTION: None}}, {"sections": portal.read([ref])[ref].sections})
    list(portal.perform([back], lambda _: None))
    assert portal.settle([back])["p.back"].settled is Settled.DONE
    assert portal.read([ref])[ref] == before


def test_a_view_that_was_not_read_is_never_replaced(found: Office) -> None:
    portal: Any = found.portal
    write = Change("p.layout", lead_view(SIMPLE), {"sections": {SECTION: MAIN}}, {})
    with pytest.raises(UsageError, match="layout_not_read"):
        list(portal.perform([write], lambda _: None))


def test_amocrm_has_no_such_view_and_nothing_is_asked(tmp_path: Path) -> None:
    with office(tmp_path, vendor="amocrm", seed=SEED) as account:
        portal: Any = account.portal
        assert not portal.capabilities.lays_out
        account.control.log_calls()
        assert drafted(account) == LayoutDraft()
        assert not [call for call in account.control.calls() if "details" in str(call)]
