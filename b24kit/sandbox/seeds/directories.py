"""The clients that the generated company knows already: contacts, companies and deals, with their managers.

Who they are and what they deal in is drawn here for every vendor alike; below stand the cards as Bitrix24 keeps them.
"""

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
from b24kit.sandbox.seeds.planter import DealToBe, Planter
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


def plant_clients(planter: Planter, chance: Random, cast: Cast) -> None:
    """Companies and contacts, oldest first, each with one manager; a firm's people share the firm's."""
    for place, firm in enumerate(cast.firms):
        firm.owner = organiser.DISMISSED if chance.random() < 0.03 else chance.choice(_OWNERS)
        firm.known_id = planter.company(firm, _aged(planter, place / len(cast.firms)))
    for place, person in enumerate(cast.known):
        person.owner = person.firm.owner if person.firm else chance.choice(_OWNERS)
        person.known_id = planter.contact(person, _aged(planter, place / len(cast.known)))


def plant_deals(planter: Planter, chance: Random, known: Sequence[Person], leads: int) -> None:
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
        made = _deal(planter, chance, person, group, place / len(wanted))
        if group == "P":
            person.deals.append(made)


def _aged(planter: Planter, place: float) -> str:
    """A time between four years and two months ago; `place` runs from 0 to 1."""
    return moments.stored(planter.now() - timedelta(days=_age(place)))


def _age(place: float) -> float:
    return 4 * 365 - place * (4 * 365 - 60)


def stamps(moment: str, user_id: int) -> Row:
    """The read-only columns of a card that appeared at a moment."""
    created = {"DATE_CREATE": moment, "DATE_MODIFY": moment, "LAST_ACTIVITY_TIME": moment}
    return {**created, "CREATED_BY_ID": user_id, "MODIFY_BY_ID": user_id, "LAST_ACTIVITY_BY": user_id}


def company_card(portal: FakePortal, firm: Firm, moment: str) -> int:
    """A firm's card on Bitrix24; gives its id."""
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


def contact_card(portal: FakePortal, person: Person, moment: str) -> int:
    """A person's card on Bitrix24; gives its id."""
    given, surname = card_name(person)
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
    sent |= {
        "EMAIL": [_value(address) for address in card_addresses(person)],
        "PHONE": [_value(person.phone, "MOBILE")],
    }
    return cards.create(portal, CONTACT, sent, person.owner, system=stamps(moment, person.owner), robots=False)


def card_name(person: Person) -> tuple[str, str]:
    """Given name and surname as they stand on the person's card: right, swapped or mistyped."""
    given, surname = person.name.given, person.name.surname
    if person.card == "swapped":
        return surname, given
    if person.card == "mistyped":
        return given, names.mistyped(Random(person.key), surname)
    return given, surname


def card_addresses(person: Person) -> list[str]:
    """Not every card knows both addresses of a person: the second one is where a mere comparison stops."""
    return person.addresses if int(person.key[1:]) % 3 else person.addresses[:1]


def _deal(planter: Planter, chance: Random, person: Person, group: str, place: float) -> Running:
    moment, age = _aged(planter, place), _age(place)
    event = chance.choice([one for one in organiser.EVENTS if all(one is not deal.event for deal in person.deals)])
    pipeline = 2 if event.nominative == "Выставка" else 1
    stage = chance.choice(planter.deal_stages(pipeline, group))
    who = person.firm.title if person.firm else person.name.surname
    number = str(chance.randrange(1000, 9999)) if chance.random() < 0.4 else ""
    named = not number or chance.random() < 0.5
    contract = f"Договор № {number} " if number else ""
    title = f"{contract}{event.title}: {who}" if named else f"{contract}{who}"
    amount = chance.randrange(8, 400) * 1000
    quiet = age * chance.random()
    touched = moments.stored(planter.now() - timedelta(days=quiet))
    made = planter.deal(DealToBe(person, event, pipeline, stage, title, amount, moment, touched))
    return Running(made, event, named, number, age, quiet)


def deal_stages(portal: FakePortal, pipeline: int, group: str) -> list[str]:
    """Codes of a pipeline's stages of one semantics: P, S or F."""
    stages = directory.rows(portal, directory.deal_stages(pipeline))
    return [row["STATUS_ID"] for _, row in stages if (row.get("SEMANTICS") or "P") == group]


def deal_card(portal: FakePortal, deal: DealToBe) -> int:
    """A deal's card on Bitrix24; gives its id."""
    sent: Row = {
        "TITLE": deal.title,
        "CATEGORY_ID": deal.pipeline,
        "STAGE_ID": deal.stage,
        "CONTACT_ID": deal.person.known_id,
    }
    sent |= {
        "OPPORTUNITY": f"{deal.amount}.00",
        "CURRENCY_ID": "RUB",
        "ASSIGNED_BY_ID": deal.person.owner,
    }
    if deal.person.firm:
        sent["COMPANY_ID"] = deal.person.firm.known_id
    system = stamps(deal.moment, deal.person.owner) | {"LAST_ACTIVITY_TIME": deal.touched}
    return cards.create(portal, DEAL, sent, deal.person.owner, system=system, robots=False)


def _value(text: str, kind: str = "WORK") -> dict[str, str]:
    return {"VALUE": text, "VALUE_TYPE": kind}
