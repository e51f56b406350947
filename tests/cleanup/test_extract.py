"""Who is active, asleep, lost or was never answered, by what happened; and the segments as a plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from b24kit.change.operation import CreateRecord, UpdateRecord
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.extract import Extract, extract_clients
from b24kit.cleanup.extract_spec import ACTIVE, LOST, SLEEPING, UNANSWERED, ExtractSpec
from b24kit.cleanup.segment_plan import plan_segments
from b24kit.cleanup.spec import CleanSpec
from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.cards import Company, Deal
from b24kit.crm.pipeline import Outcome
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import UsageError
from tests.cleanup.portal_of import NOW, contact, letter, mail, snapshot

FIELD = "UF_CRM_SEGMENT"
LONG_AGO = NOW - timedelta(days=2000)


def person(number: int, **changes: Any) -> Any:
    return contact(number, f"Белова Анна{number}", f"a{number}@firm.example", **{"created": LONG_AGO, **changes})


def wrote(number: int, to: int, days: int, **changes: Any) -> Activity:
    hung = letter(number, f"a{to}@firm.example", 1, days)
    return replace(hung, card=Ref(Kind.CONTACT, str(to)), **changes)


def answered(number: int, to: int, days: int) -> Activity:
    return wrote(number, to, days, direction=Direction.OUT, letter=None)


def found(here: Snapshot, **extract: Any) -> Extract:
    return extract_clients(here, CleanSpec.model_validate({"extract": extract}), NOW)


def segments(here: Snapshot, **extract: Any) -> dict[str, str]:
    return {str(client.ref): client.segment for client in found(here, **extract).clients}


def test_the_usual_segments() -> None:
    here = snapshot(
        [person(number) for number in range(1, 6)],
        Deal(id="1", title="Стенд", pipeline="0", stage="NEW", contact="1", created=LONG_AGO),
        wrote(2, 2, 200),
        *(wrote(3, 3, 30), answered(13, 3, 29)),
        *(wrote(4, 4, 300), answered(14, 4, 299)),
        *(wrote(5, 5, 800), answered(15, 5, 799)),
    )
    assert segments(here) == {
        "contact:1": ACTIVE,
        "contact:2": UNANSWERED,
        "contact:3": ACTIVE,
        "contact:4": SLEEPING,
        "contact:5": LOST,
    }


def test_what_happens_to_a_contact_happens_to_his_company() -> None:
    firm = Company(id="9", title="Лес", created=LONG_AGO)
    here = snapshot(firm, person(1, company="9"), wrote(1, 1, 5), answered(2, 1, 4))
    (company,) = [one for one in found(here).clients if one.ref.kind is Kind.COMPANY]
    assert (company.segment, company.facts.letters_in, company.facts.letters_out, company.days) == (ACTIVE, 1, 1, 4)


def test_a_letter_still_on_a_lead_counts_for_the_known_client_who_wrote_it() -> None:
    here = snapshot(person(1), mail(50, "Белова Анна1 <a1@firm.example>", days=20), mail(51, "new@other.example"))
    (client,) = found(here).clients
    assert (client.facts.letters_in, client.days) == (1, 20)
    assert found(here).strangers == 1


def test_reminders_of_ours_and_the_future_are_no_events() -> None:
    todo = Activity(
        id="1",
        channel=Channel.TODO,
        direction=Direction.NONE,
        subject="Позвонить",
        card=Ref(Kind.CONTACT, "1"),
        done=True,
        created=NOW - timedelta(days=1),
    )
    meeting = replace(todo, id="2", channel=Channel.MEETING, start=NOW + timedelta(days=3))
    assert segments(snapshot(person(1), todo, meeting)) == {"contact:1": LOST}


def test_won_deals_are_counted_and_summed_by_currency() -> None:
    won = Deal(id="1", title="а", pipeline="0", stage="WON", outcome=Outcome.WON, contact="1", amount="10.50")
    deals = [replace(won, currency="RUB"), replace(won, id="2", currency="RUB"), replace(won, id="3", amount="злато")]
    (client,) = found(snapshot(person(1), deals)).clients
    assert (client.facts.won, dict(client.facts.won_sums)) == (3, {"RUB": 2100, "": 0})


def test_the_playbooks_own_segments_are_tried_in_order() -> None:
    here = snapshot(person(1), person(2), wrote(1, 1, 400))
    mine = [{"name": "Писали", "letters": 1, "quiet_for": 365}, {"name": "Молчат"}]
    assert segments(here, segments=mine) == {"contact:1": "Писали", "contact:2": "Молчат"}
    assert segments(here, segments=mine[:1])["contact:2"] == "", "whom no rule takes is told apart"


@pytest.mark.parametrize(
    "wrong",
    [
        {"segments": []},
        {"segments": [{"name": "Все"}, {"name": "Никто", "letters": 1}]},
        {"segments": [{"name": "я" * 32}]},
        {"field": "SEGMENT"},
        {"field": "UF_CRM_" + "A" * 44},
    ],
)
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ExtractSpec.model_validate(wrong)


def drafted(here: Snapshot, limit: int | None = None, **extract: Any) -> Any:
    spec = CleanSpec.model_validate({"mode": "extract", "extract": {"field": FIELD, **extract}})
    return plan_segments(here, spec, NOW, limit)


def test_a_segment_is_written_into_the_named_field_which_is_made_where_no_card_has_it() -> None:
    here = snapshot(person(1), person(2, extra={FIELD: "Старый"}), Company(id="9", title="Лес", created=LONG_AGO))
    draft = drafted(here)
    fields = [one for one in draft.operations if isinstance(one, CreateRecord)]
    assert [(one.values["card_kind"], one.values["code"]) for one in fields] == [("company", FIELD)]
    writes = {one.ref: one for one in draft.operations if isinstance(one, UpdateRecord)}
    assert {str(ref): one.after for ref, one in writes.items()} == {
        name: {"extra": {FIELD: LOST}} for name in ("contact:1", "contact:2", "company:9")
    }
    assert writes[Ref(Kind.CONTACT, "2")].before == {"extra": {FIELD: "Старый"}}
    assert writes[Ref(Kind.COMPANY, "9")].needs == (fields[0].key,)
    assert not [one for one in drafted(here, create_field=False).operations if isinstance(one, CreateRecord)]


def test_a_card_in_its_segment_already_is_not_written_again() -> None:
    draft = drafted(snapshot(person(1, extra={FIELD: LOST})))
    assert draft.operations == ()
    assert [note.code for note in draft.notes] == ["clean.note.segments_as_they_are"]


def test_a_limit_leaves_the_rest_to_the_next_plan() -> None:
    draft = drafted(snapshot(person(1), person(2), person(3)), limit=1)
    assert len([one for one in draft.operations if isinstance(one, UpdateRecord)]) == 1
    assert {left.reason.code for left in draft.left} == {"clean.left.limit"} and len(draft.left) == 2


def test_without_a_field_the_plan_says_which_command_writes_lists() -> None:
    with pytest.raises(UsageError) as caught:
        plan_segments(snapshot(person(1)), CleanSpec(mode="extract"), NOW)
    assert caught.value.code == "clean.extract_no_field"
