"""One playbook, two vendors: every difference between their capabilities is told, each in a sentence."""

from __future__ import annotations

import dataclasses

import pytest

from b24kit.connectors.factory import capabilities_of
from b24kit.crm.portal import Capabilities
from b24kit.i18n import catalogue
from b24kit.playbook.abilities import Way, abilities
from b24kit.playbook.loader import load_playbook
from b24kit.playbook.schema import Playbook
from b24kit.playbook.shipped import find_playbook, shipped

VENDORS = ("bitrix24", "amocrm")
# Of the plan's own making, or said together with another one: prompts with their levels, stages
# that come back; `carries` names the vendor's own fields.
SILENT = frozenset(
    [
        *("vendor", "stage_code_limit", "automation_page", "quiet_forgets", "merge_blockers", "merge_ignores"),
        *("prompt_length", "remakes_stages", "empties_removed_stages", "carries", "fields_of"),
    ]
)
NAMES = sorted({item.name for item in dataclasses.fields(Capabilities)} - SILENT)


def told(book: Playbook, able: Capabilities) -> dict[str, Way]:
    return {one.code: one.way for one in abilities(book, able, "ru")}


@pytest.fixture(scope="module")
def book() -> Playbook:
    return load_playbook(find_playbook("talking-leads"))


@pytest.mark.parametrize("name", [one.name for one in shipped()])
@pytest.mark.parametrize("vendor", VENDORS)
def test_every_ability_has_its_sentence(name: str, vendor: str) -> None:
    found = told(load_playbook(find_playbook(name)), capabilities_of(vendor))
    assert found and not found.keys() - catalogue("ru").keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_difference_of_capabilities_changes_what_is_told(name: str, book: Playbook) -> None:
    one, other = (capabilities_of(vendor) for vendor in VENDORS)
    if getattr(one, name) == getattr(other, name):
        pytest.skip("the vendors agree")
    book = load_playbook(find_playbook("marketing")) if name == "sends" else book  # the other one sends nothing
    alike = dataclasses.replace(one, **{name: getattr(other, name)})
    assert told(book, alike) != told(book, one), f"nobody is told of {name}"


def test_what_one_portal_does_otherwise_the_other_does_as_written_or_does_not_know(book: Playbook) -> None:
    first, second = (told(book, capabilities_of(vendor)) for vendor in VENDORS)
    assert first["ability.letters_bound"] is Way.CAN and second["ability.letters_copied"] is Way.OTHERWISE
    assert first["ability.canary"] is Way.CAN and second["ability.no_canary"] is Way.CANNOT
    assert first["ability.no_gates"] is Way.CANNOT and second["ability.gates"] is Way.CAN
    assert second["ability.no_heads"] is Way.OTHERWISE and second["ability.no_positions"] is Way.OTHERWISE


def test_which_messages_go_by_hand_is_told_by_the_vendor_and_by_name() -> None:
    for name, vendor, codes in (
        ("marketing", "bitrix24", {"ability.sends"}),
        ("marketing", "amocrm", {"ability.by_hand"}),
        ("messenger", "bitrix24", {"ability.by_hand"}),
        ("talking-leads", "amocrm", set()),
    ):
        said = abilities(load_playbook(find_playbook(name)), capabilities_of(vendor), "ru")
        words = {one.code: one for one in said if one.code in ("ability.sends", "ability.by_hand")}
        assert words.keys() == codes, (name, vendor)
        for one in words.values():
            assert "MSG1" not in str(one.facts["list"]) and "«" in str(one.facts["list"])


def test_of_a_funnel_with_letters_and_messages_only_the_messages_go_by_hand() -> None:
    book = load_playbook(find_playbook("marketing"))
    (funnel,) = book.spawn.marketing
    first, *others = funnel.letters
    mixed = funnel.model_copy(update={"letters": (first.model_copy(update={"by": "message"}), *others)})
    book = book.model_copy(update={"spawn": book.spawn.model_copy(update={"marketing": (mixed,)})})
    found = {one.code: str(one.facts.get("list")) for one in abilities(book, capabilities_of("bitrix24"), "ru")}
    assert "(сообщение)" in found["ability.by_hand"] and "(письмо)" not in found["ability.by_hand"]
    assert "(письмо)" in found["ability.sends"]
