"""What is put on a portal for its events to be heard: the difference to what stands, and the steps of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from b24kit.change.operation import CreateRecord, RemoveRecord, UpdateRecord
from b24kit.connectors.amocrm.facts import CAPABILITIES as AMO
from b24kit.connectors.bitrix24.facts import CAPABILITIES as BITRIX
from b24kit.crm.portal import PortalFacts
from b24kit.crm.subscription import Manner, Palette, Subscription, shown_address
from b24kit.errors import Refused
from b24kit.robots.install import InstallDraft, plan_install, verify_install
from b24kit.robots.spec_install import InstallSpec

FACTS = PortalFacts(
    id="my.bitrix24.ru", leads_on=True, user="1", user_name="Анна", admin=True, scopes=frozenset({"crm"}),
    missing_scopes=frozenset(), now=datetime(2026, 11, 22, tzinfo=UTC), utc_offset_minutes=180, access="application",
)  # fmt: skip
HEARD = ("ADD", "UPDATE")
ROBOT = InstallSpec.model_validate({"robots": [{"code": "b24kit_look", "name": "Посмотреть"}]})


def handler(name: str, *, ours: bool = True, hears: Sequence[str] = ()) -> Subscription:
    return Subscription(id=f"event/{name}/{ours}", sort="event", name=name, hears=tuple(hears) or (name,), ours=ours)


@dataclass(frozen=True)
class Portal:
    """A portal that stands as told."""

    allowed: tuple[Manner, ...] = (Manner.PUSHED, Manner.POLLED)
    standing: tuple[Subscription, ...] = ()

    def subscriptions(self) -> list[Subscription]:
        return list(self.standing)

    def wanted_subscriptions(self, manner: Manner, palette: Sequence[Palette] = ()) -> list[Subscription]:
        found = [] if manner is Manner.POLLED else [handler(name) for name in HEARD]
        return found + [Subscription(id=f"{p.sort}/{p.code}", sort=p.sort, name=p.code, ours=True) for p in palette]

    def manners(self) -> tuple[Manner, ...]:
        return self.allowed


def planned(portal: Portal, spec: InstallSpec | None = None, *, receiver: bool = True) -> InstallDraft:
    return plan_install(spec or InstallSpec(), portal, BITRIX, FACTS, receiver=receiver)


def test_what_stands_already_is_not_made_again() -> None:
    assert len(planned(Portal()).operations) == 2
    half = planned(Portal(standing=(handler("ADD"),)))
    assert [str(one.reason.facts["name"]) for one in half.operations] == ["UPDATE"]
    whole = planned(Portal(standing=(handler("ADD"), handler("UPDATE"))))
    assert whole.operations == ()
    assert [note.code for note in whole.notes] == ["install.pushed", "install.stands"]


def test_somebody_elses_handler_is_left_and_named() -> None:
    draft = planned(Portal(standing=(handler("ADD", ours=False), handler("OLD"))))
    assert len(draft.operations) == 2
    assert [left.reason.code for left in draft.left] == ["install.foreign", "install.not_asked"]


def test_one_that_hears_too_little_is_changed_with_its_before_image() -> None:
    (operation, _) = planned(Portal(standing=(handler("ADD", hears=["OTHER"]),))).operations
    assert isinstance(operation, UpdateRecord)
    assert operation.before["hears"] == ["OTHER"]
    assert operation.after == {"hears": ["ADD"]}


@pytest.mark.parametrize("capabilities", [BITRIX, AMO], ids=["bitrix24", "amocrm"])
def test_everything_that_is_made_has_a_way_back(capabilities: object) -> None:
    for operation in planned(Portal(), ROBOT).operations:
        assert isinstance(operation, CreateRecord)
        back = operation.inverse("event/x", capabilities)  # type: ignore[arg-type]
        assert isinstance(back, RemoveRecord)


@pytest.mark.parametrize(
    ("allowed", "receiver", "manner"),
    [
        ((Manner.PUSHED, Manner.QUEUED, Manner.POLLED), True, Manner.PUSHED),
        ((Manner.PUSHED, Manner.QUEUED, Manner.POLLED), False, Manner.QUEUED),
        ((Manner.PUSHED, Manner.POLLED), False, Manner.POLLED),
        ((Manner.POLLED,), False, Manner.POLLED),
    ],
    ids=["address", "queue", "no-address", "webhook"],
)
def test_the_best_manner_that_is_possible_is_taken(allowed: tuple[Manner, ...], receiver: bool, manner: Manner) -> None:
    draft = planned(Portal(allowed), receiver=receiver)
    assert draft.manner is manner
    assert bool(draft.operations) is (manner is not Manner.POLLED)
    assert draft.notes[0].code == f"install.{manner.value}"


def test_without_an_application_a_person_makes_the_webhook() -> None:
    draft = planned(Portal((Manner.POLLED,)))
    assert draft.operations == ()
    assert [step.code for step in draft.steps] == ["step.outgoing_webhook"]
    assert draft.notes[0].code == "install.by_hand"


@pytest.mark.parametrize(
    ("spec", "portal", "receiver", "code"),
    [
        (InstallSpec(delivery="queued"), Portal(), True, "robots_no_queue"),
        (InstallSpec(delivery="pushed"), Portal(), False, "robots_no_receiver"),
        (ROBOT, Portal((Manner.POLLED,)), True, "robots_need_application"),
    ],
    ids=["queue", "address", "palette"],
)
def test_what_is_impossible_is_refused_before_anything_is_planned(
    spec: InstallSpec, portal: Portal, receiver: bool, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        planned(portal, spec, receiver=receiver)
    assert caught.value.code == code


def test_verify_reads_what_stands_and_believes_traffic_alone_of_hand_steps() -> None:
    draft = planned(Portal(), ROBOT)
    standing = [handler("ADD"), Subscription(id="robot/b24kit_look", sort="robot", name="b24kit_look", ours=True)]
    states = {one.name: one.state for one in verify_install(draft, standing, None)}
    assert states == {"ADD": "there", "UPDATE": "missing", "b24kit_look": "there", "place-b24kit_look": "by_hand"}
    heard = {one.name: one.state for one in verify_install(draft, standing, "2026-11-22T10:00:00+00:00")}
    assert heard["place-b24kit_look"] == "by_hand"  # events alone say nothing of a robot's place
    by_hand = planned(Portal((Manner.POLLED,)))
    assert [one.state for one in verify_install(by_hand, [], None)] == ["unknown"]
    assert [one.state for one in verify_install(by_hand, [], "2026-11-22T10:00:00+00:00")] == ["heard"]
    deaf = [replace(standing[0], hears=())]
    assert {one.name: one.state for one in verify_install(draft, deaf, None)}["ADD"] == "deaf"


def test_a_webhook_that_the_account_switched_off_is_told_from_one_that_hears_too_little() -> None:
    hook = Subscription(id="1", sort="webhook", name="webhook", hears=("add_lead", "add_task"), ours=True)
    draft = replace(planned(Portal()), wanted=(hook,), steps=())
    for hears, state in (((), "off"), (("add_lead",), "deaf"), (hook.hears, "there")):
        (found,) = verify_install(draft, [replace(hook, hears=hears)], None)
        assert found.state == state


def test_an_address_is_shown_without_its_path() -> None:
    assert shown_address("https://u:p@robots.example.ru:8443/hooks/secret?k=1") == "https://robots.example.ru:8443/***"
    assert shown_address("") == ""
