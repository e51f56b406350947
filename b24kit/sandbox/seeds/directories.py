"""The clients that the generated company knows already: contacts, companies and deals as cards, with their managers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from b24kit.sandbox.bitrix24 import cards, directory, moments
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import COMPANY, CONTACT, DEAL
from b24kit.sandbox.seeds import names, organiser
from b24kit.sandbox.seeds.cast import Cast, Firm, Person, Running
from b24kit.sandbox.seeds.organiser import OPT_OUT
from b24kit.sandbox.store import Row

_OWNERS = (*organiser.SALES, *organiser.SEMINARS, *organiser.EXHIBITIONS)
_RUNNING_SHARE, _WON_SHARE, _LOST_SHARE = 0.05, 0.02, 0.012  # of the number of leads
_SECOND_DEAL, _THIRD_DEAL = 0.25, 0.05  # of the clients with a running deal


def plant_opt_out(portal: FakePortal) -> None:
    """The user field for refusals, on leads and contacts."""
    for entity in ("CRM_LEAD", "CRM_CONTACT"):
        label = {"ru": "Не писать", "en": "Do not write"}
        row: Row = {"ENTITY_ID": entity, "FIELD_NAME": OPT_OUT, "USER_TYPE_ID": "boolean", "XML_ID": None, "SORT": 100}
        row |= {"MULTIPLE": "N", "MANDATORY": "N", "SHOW_FILTER": "N", "SHOW_IN_LIST": "Y", "EDIT_IN_LIST": "Y"}
        row |= {
            "IS_SEARCHABLE": "N",
            "SETTINGS": {"DEFAULT_VALUE": 0},
            "EDIT_FORM_LABEL": label,
            "LIST_COLUMN_LABEL": label,
        }
        portal.store["userfield"].add(row)


def plant_clients(portal: FakePortal, chance: Random, cast: Cast) -> None:
    """Companies and contacts, oldest first, each with one manager; a firm's people share the firm's."""
    for place, firm in enumerate(cast.firms):
        firm.owner = organiser.DISMISSED if chance.random() < 0.03 else chance.choice(_OWNERS)
        firm.known_id = _company(portal, firm, _aged(portal, place / len(cast.firms)))
    for place, person in enumerate(cast.known):
        person.owner = person.firm.owner if person.firm else chance.choice(_OWNERS)
        person.known_id = _contact(portal, person, _aged(portal, place / len(cast.known)))


def plant_deals(portal: FakePortal, chance: Random, known: Sequence[Person], leads: int) -> None:
    """Running deals of known clients, some with several, and some won and lost ones."""
    running = chance.sample(list(known), min(len(known), max(1, round(leads * _RUNNING_SHARE))))
    running += [person for share in (_SECOND_DEAL, _THIRD_DEAL) for person in running if chance.random() < share]
    closed = [
        (chance.choice(known), group)
        for group, share in (("S", _WON_SHARE), ("F", _LOST_SHARE))
        for _ in range(round(leads * share))
    ]
    wanted = [(person, "P") for person in running] + closed
    chance.shuffle(wanted)
    for place, (person, group) in enumerate(wanted):
        made = _deal(portal, chance, person, group, place / len(wanted))
        if group == "P":
            person.deals.append(made)


def _aged(portal: FakePortal, place: float) -> str:
    """A time between four years and two months ago; `place` runs from 0 to 1."""
    return moments.stored(portal.now() - timedelta(days=_age(place)))


def _age(place: float) -> float:
    return 4 * 365 - place * (4 * 365 - 60)


def stamps(moment: str, user_id: int) -> Row:
    """The read-only columns of a card that appeared at a moment."""
    created = {"DATE_CREATE": moment, "DATE_MODIFY": moment, "LAST_ACTIVITY_TIME": moment}
    return {**created, "CREATED_BY_ID": user_id, "MODIFY_BY_ID": user_id, "LAST_ACTIVITY_BY": user_id}


def _company(portal: FakePortal, firm: Firm, moment: str) -> int:
    sent: Row = {
        "TITLE": firm.legal_title,
        "COMPANY_TYPE": "CUSTOMER",
        "INDUSTRY": "OTHER",
        "ASSIGNED_BY_ID": firm.owner,
    }
    sent |= {"PHONE": [_value(firm.phone)], "WEB": [_value(f"https://{firm.domain}")]}
    if int(firm.key[1:]) % 3 == 0:
        sent["EMAIL"] = [_value(f"info@{firm.domain}")]
    return cards.create(portal, COMPANY, sent, firm.owner, system=stamps(moment, firm.owner), robots=False)


def _contact(portal: FakePortal, person: Person, moment: str) -> int:
    given, surname = person.name.given, person.name.surname
    if person.card == "swapped":
        given, surname = surname, given
    elif person.card == "mistyped":
        surname = names.mistyped(Random(person.key), surname)
    sent: Row = {
        "NAME": given,
        "LAST_NAME": surname,
        "POST": person.position,
        "TYPE_ID": "CLIENT",
    }
    sent |= {"SOURCE_ID": "CALL", "ASSIGNED_BY_ID": person.owner, OPT_OUT: "Y" if person.opted_out else "N"}
    if int(person.key[1:]) % 2:
        sent["SECOND_NAME"] = person.name.patronymic
    if person.firm:
        sent["COMPANY_ID"] = person.firm.known_id
    # Not every card knows both addresses of a person: the second one is where a mere comparison stops.
    kept = person.addresses if int(person.key[1:]) % 3 else person.addresses[:1]
    sent |= {"EMAIL": [_value(address) for address in kept], "PHONE": [_value(person.phone, "MOBILE")]}
    return cards.create(portal, CONTACT, sent, person.owner, system=stamps(moment, person.owner), robots=False)


def _deal(portal: FakePortal, chance: Random, person: Person, group: str, place: float) -> Running:
    moment, age = _aged(portal, place), _age(place)
    event = chance.choice([one for one in organiser.EVENTS if all(one is not deal.event for deal in person.deals)])
    pipeline = 2 if event.nominative == "Выставка" else 1
    stages = directory.rows(portal, directory.deal_stages(pipeline))
    stage = chance.choice([row["STATUS_ID"] for _, row in stages if (row.get("SEMANTICS") or "P") == group])
    who = person.firm.title if person.firm else person.name.surname
    number = str(chance.randrange(1000, 9999)) if chance.random() < 0.4 else ""
    named = not number or chance.random() < 0.5
    contract = f"Договор № {number} " if number else ""
    sent: Row = {
        "TITLE": f"{contract}{event.title}: {who}" if named else f"{contract}{who}",
        "CATEGORY_ID": pipeline,
        "STAGE_ID": stage,
        "CONTACT_ID": person.known_id,
    }
    sent |= {
        "OPPORTUNITY": f"{chance.randrange(8, 400) * 1000}.00",
        "CURRENCY_ID": "RUB",
        "ASSIGNED_BY_ID": person.owner,
    }
    if person.firm:
        sent["COMPANY_ID"] = person.firm.known_id
    quiet = age * chance.random()
    touched = moments.stored(portal.now() - timedelta(days=quiet))
    system = stamps(moment, person.owner) | {"LAST_ACTIVITY_TIME": touched}
    deal_id = cards.create(portal, DEAL, sent, person.owner, system=system, robots=False)
    return Running(deal_id, event, named, number, age, quiet)


def _value(text: str, kind: str = "WORK") -> dict[str, str]:
    return {"VALUE": text, "VALUE_TYPE": kind}
