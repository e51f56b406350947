"""Doubles among the clients of the generated company: the same person or firm written down twice by other hands.

The second card knows other things than the first (an address in another spelling, a refusal, a position), has another
manager, and deals, leads and reminders of its own. Which cards belong together stands in the truth.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from b24kit.sandbox.bitrix24 import activities, cards, moments
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import COMPANY, CONTACT, DEAL, LEAD
from b24kit.sandbox.seeds import names, organiser
from b24kit.sandbox.seeds.cast import POSITIONS, Cast, Firm, Person, address_spelling
from b24kit.sandbox.seeds.directories import stamps
from b24kit.sandbox.seeds.organiser import OPT_OUT
from b24kit.sandbox.store import Row

_MANAGERS = (*organiser.SALES, *organiser.SEMINARS)


def plant_doubles(portal: FakePortal, chance: Random, cast: Cast, count: int) -> dict[str, Any]:
    """So many second contacts, and a fifth as many second companies; the pairs by card id."""
    people = [one for one in cast.known if not one.shares_box and one.card == "right"]
    firms = [firm for firm in cast.firms if firm.known_id]
    contacts = [[one.known_id, _contact(portal, chance, one)] for one in chance.sample(people, min(count, len(people)))]
    companies = [
        [firm.known_id, _company(portal, chance, firm)] for firm in chance.sample(firms, min(count // 5, len(firms)))
    ]
    return {"contacts": contacts, "companies": companies}


def _contact(portal: FakePortal, chance: Random, person: Person) -> int:
    owner, moment = chance.choice(_MANAGERS), _some_day(portal, chance)
    sent: Row = {
        "NAME": person.name.given,
        "LAST_NAME": person.name.surname,
        "POST": chance.choice(POSITIONS),
        "TYPE_ID": chance.choice(("CLIENT", "PARTNER")),
        "SOURCE_ID": chance.choice(("EMAIL", "WEB")),
        "ASSIGNED_BY_ID": owner,
        "COMMENTS": f"Пришёл с выставки, визитка {chance.randrange(100, 999)}",
        OPT_OUT: "Y" if chance.random() < 0.3 else "N",
        "PHONE": [_value(names.phone_spelling(chance, person.phone), "MOBILE"), _value(names.phone(chance))],
        "EMAIL": [_value(address_spelling(chance, person.addresses[0]))],
    }
    if chance.random() < 0.4:
        sent["SECOND_NAME"] = person.name.patronymic
    if person.firm and chance.random() < 0.5:
        sent["COMPANY_ID"] = person.firm.known_id
    made = cards.create(portal, CONTACT, sent, owner, system=stamps(moment, owner), robots=False)
    _hang(portal, chance, {"CONTACT_ID": made}, (CONTACT, made), owner, moment)
    return made


def _company(portal: FakePortal, chance: Random, firm: Firm) -> int:
    owner, moment = chance.choice(_MANAGERS), _some_day(portal, chance)
    sent: Row = {
        "TITLE": chance.choice((firm.title, firm.title.upper(), f"«{firm.title}»")),
        "COMPANY_TYPE": chance.choice(("CUSTOMER", "SUPPLIER")),
        "ASSIGNED_BY_ID": owner,
        "COMMENTS": f"Заведена из договора {chance.randrange(100, 999)}",
        "WEB": [_value(f"http://www.{firm.domain}/")],
        "PHONE": [_value(names.phone_spelling(chance, firm.phone))],
    }
    made = cards.create(portal, COMPANY, sent, owner, system=stamps(moment, owner), robots=False)
    _hang(portal, chance, {"COMPANY_ID": made}, (COMPANY, made), owner, moment)
    return made


def _hang(portal: FakePortal, chance: Random, link: Row, card: tuple[int, int], owner: int, moment: str) -> None:
    """A deal, a closed lead and a reminder of the second card's own, as chance has it."""
    system = stamps(moment, owner)
    if chance.random() < 0.5:
        deal: Row = {"TITLE": "Повторная заявка", "CATEGORY_ID": 1, "ASSIGNED_BY_ID": owner, **link}
        cards.create(portal, DEAL, deal, owner, system=system, robots=False)
    if chance.random() < 0.5:
        lead: Row = {"TITLE": "Звонок", "STATUS_ID": "JUNK", "ASSIGNED_BY_ID": owner, **link}
        cards.create(portal, LEAD, lead, owner, system=system, robots=False)
    for number in range(chance.randrange(3)):
        row: Row = {"SUBJECT": f"Позвонить {number}", "TYPE_ID": 2, "COMPLETED": "Y", "DIRECTION": 1}
        row |= {"RESPONSIBLE_ID": owner, "AUTHOR_ID": owner, "EDITOR_ID": owner, "CREATED": moment}
        row |= {"START_TIME": moment, "END_TIME": moment, "PROVIDER_ID": "CRM_CALL", "PROVIDER_TYPE_ID": "CALL"}
        activities.create(portal, card, row)


def _some_day(portal: FakePortal, chance: Random) -> str:
    return moments.stored(portal.now() - timedelta(days=chance.randrange(10, 50)))


def _value(text: str, kind: str = "WORK") -> dict[str, str]:
    return {"VALUE": text, "VALUE_TYPE": kind}
