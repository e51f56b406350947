"""Views of cards: kept apart by person, sort of lead and pipeline, replaced whole, and for administrators where they
are for all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bitrix24.fresh import DEAL, LEAD, SELLER, FreshPortal

PREFIX = "crm.item.details.configuration."
MAIN = {"name": "main", "title": "О лиде", "type": "section", "elements": [{"name": "TITLE", "optionFlags": 1}]}
CLIENT = {"name": "CLIENT", "options": {"defaultCountry": "RU"}}


@pytest.fixture
def portal() -> FreshPortal:
    return FreshPortal()


def ask(portal: FreshPortal, word: str, type_id: int = LEAD, user: int = 1, **more: Any) -> Any:
    return portal.ask(PREFIX + word, {"entityTypeId": type_id, "scope": "C", **more}, user=user)


def test_nothing_arranged_is_null_and_what_was_set_comes_back_with_flags_as_text(portal: FreshPortal) -> None:
    assert ask(portal, "get") is None
    section = {**MAIN, "elements": [*MAIN["elements"], CLIENT]}
    assert ask(portal, "set", data=[section]) is True
    (found,) = ask(portal, "get", user=SELLER)
    assert found["elements"] == [{"name": "TITLE", "optionFlags": "1"}, CLIENT | {"optionFlags": "0"}]
    assert (found["name"], found["title"], found["type"]) == ("main", "О лиде", "section")


def test_sorts_of_leads_and_pipelines_have_views_of_their_own(portal: FreshPortal) -> None:
    ask(portal, "set", data=[MAIN])
    ask(portal, "set", DEAL, data=[MAIN], extras={"dealCategoryId": 9})
    assert ask(portal, "get", extras={"leadCustomerType": 1}) is not None
    assert ask(portal, "get", extras={"leadCustomerType": 2}) is None
    assert ask(portal, "get", DEAL) is None
    assert ask(portal, "get", DEAL, extras={"dealCategoryId": "9"}) is not None
    older = portal.ask("crm.deal.details.configuration.get", {"scope": "C", "extras": {"dealCategoryId": 9}})
    assert [one["name"] for one in older] == ["main"]


def test_the_view_for_all_and_those_of_others_are_for_administrators(portal: FreshPortal) -> None:
    for word, more in (("set", {"data": [MAIN]}), ("reset", {}), ("forceCommonScopeForAll", {})):
        refused = portal.refusal(PREFIX + word, {"entityTypeId": LEAD, "scope": "C", **more}, user=SELLER)
        assert (refused.code, refused.text) == ("", "Access denied.")
    assert ask(portal, "set", scope="P", user=SELLER, data=[MAIN]) is True
    assert portal.refusal(PREFIX + "get", {"entityTypeId": LEAD, "userId": 1}, user=SELLER).text == "Access denied."
    assert ask(portal, "get", scope="P", userId=SELLER) is not None


def test_forcing_takes_own_views_away_and_resetting_the_one_for_all(portal: FreshPortal) -> None:
    ask(portal, "set", data=[MAIN])
    ask(portal, "set", scope="P", user=SELLER, data=[MAIN])
    assert ask(portal, "forceCommonScopeForAll") is True
    assert ask(portal, "get", scope="P", user=SELLER) is None
    assert ask(portal, "get") is not None
    assert ask(portal, "reset") is True
    assert ask(portal, "get") is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("text", "Parameter 'data' must be an array."),
        ({"a": MAIN}, "The data must be an indexed array."),
        ([], "There are no data to write."),
        ([{**MAIN, "type": "column"}], "Section at index 0 has type column. The expected type is 'section'."),
        ([MAIN, {**MAIN, "name": ""}], "Section at index 1 does not have name."),
        ([{**MAIN, "title": ""}], "Section at index 0 does not have title."),
        ([MAIN, {**MAIN, "elements": [{}]}], "Element at index 0 in section at index 1 does not have name."),
    ],
    ids=["text", "map", "empty", "type", "name", "title", "element"],
)
def test_what_is_no_view_is_refused_with_its_place(portal: FreshPortal, data: Any, said: str) -> None:
    refused = portal.refusal(PREFIX + "set", {"entityTypeId": LEAD, "scope": "C", "data": data})
    assert (refused.code, refused.text, refused.status) == ("", said, 400)
    assert ask(portal, "get") is None


def test_a_sort_of_cards_has_to_be_named_and_known(portal: FreshPortal) -> None:
    assert portal.refusal(PREFIX + "get", {}).text == "Parameter 'entityTypeId' is not defined"
    assert "not supported" in portal.refusal(PREFIX + "get", {"entityTypeId": 9}).text
