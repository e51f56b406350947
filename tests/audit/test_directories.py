"""Directories judged: whose clients have nobody, what stands twice, what is empty, broken or spelled many ways."""

from __future__ import annotations

from typing import Any

from b24kit.audit.directories import Directory, Doubled, directory_findings, directory_sheet
from b24kit.audit.stuck_report import Names
from b24kit.crm.cards import Company, Contact, Deal
from b24kit.crm.pipeline import Outcome
from b24kit.crm.points import Point, PointKind
from b24kit.crm.refs import Kind
from b24kit.i18n import LANGUAGES, has


def phone(value: str) -> Point:
    return Point(PointKind.PHONE, value)


def card(number: int, *points: Point, **changes: Any) -> Contact:
    return Contact(id=str(number), points=points or (phone("+79161234567"),), **changes)


def judged(*contacts: Contact, **more: Any) -> dict[str, dict[str, Any]]:
    names = Names(users={"5": "Виктор Панов"})
    given: dict[str, Any] = {"companies": [], "deals": [], "names": names} | more
    found = Directory(contacts=contacts, **given)
    findings = directory_findings(found)
    assert all(has(one.code, lang) for one in findings for lang in LANGUAGES)
    return {one.code: dict(one.facts) for one in findings}


def deal(number: int, outcome: Outcome) -> Deal:
    return Deal(id=str(number), pipeline="0", stage="NEW", owner="5", outcome=outcome)


def test_a_tidy_directory_has_nothing_to_tell() -> None:
    assert judged(card(1, owner="2", extra={"POST": "Директор"})) == {}


def test_clients_of_the_dismissed_are_counted_with_their_running_deals() -> None:
    deals = [deal(1, Outcome.OPEN), deal(2, Outcome.WON)]
    found = judged(card(1, owner="5"), companies=[Company(id="3", owner="5")], deals=deals, inactive={"5"})
    facts = {"user": "Виктор Панов", "contacts": 1, "companies": 1, "deals": 1}
    assert found["audit.dismissed_clients"] == facts


def test_doubles_are_counted_sure_ones_and_doubtful_ones() -> None:
    found = judged(doubled={Kind.CONTACT: Doubled(3, 7), Kind.COMPANY: Doubled()})
    assert found == {"audit.doubles_contact": {"sure": 3, "doubtful": 7}}


def test_contacts_that_nobody_can_reach_are_counted() -> None:
    assert judged(Contact(id="1"), card(2))["audit.unreachable"] == {"count": 1, "share": 50}


def test_broken_points_are_named_and_loosely_written_ones_counted() -> None:
    mail = Point(PointKind.EMAIL, "нет почты")
    found = judged(card(1, phone("123"), phone("8 (916) 123-45-67"), phone("98-76-54"), mail))
    assert found["audit.bad_points"] == {"count": 2, "examples": "123, нет почты"}
    assert found["audit.loose_points"] == {"count": 1}


def test_one_position_in_many_spellings_is_shown_with_examples() -> None:
    forms = ["Генеральный директор"] * 3 + ["Ген. директор", "гендиректор", "генеральный  директор"]
    found = judged(*(card(at, extra={"POST": form}) for at, form in enumerate(forms)))
    facts = found["audit.spelled_contact"]
    assert (facts["field"], facts["count"], facts["values"]) == ("POST", 3, 1)
    assert facts["examples"].startswith("Генеральный директор, ")


def test_the_sheet_tells_how_full_each_field_is() -> None:
    cards = [card(1, extra={"POST": "Директор"}), Contact(id="2")]
    found = Directory(contacts=cards, companies=[], deals=[], names=Names())
    rows = [row[2:5] for row in directory_sheet(found).rows]
    assert rows == [(2, 1, 50), (2, 0, 0), (2, 1, 50)]
