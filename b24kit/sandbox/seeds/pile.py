"""The pile of stuck leads of the generated company: one lead for every letter, form, call and chat, oldest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from b24kit.sandbox.bitrix24 import moments
from b24kit.sandbox.seeds import mailbag, names, organiser, writing
from b24kit.sandbox.seeds.cast import Cast, Person
from b24kit.sandbox.seeds.letters import Letter
from b24kit.sandbox.seeds.organiser import EVENTS, Seminar
from b24kit.sandbox.seeds.planter import Planter
from b24kit.sandbox.seeds.writing import Inquiry
from b24kit.sandbox.store import Row

# Of 5,000 leads: 3,765 in E-mail; the rest as "hundreds to thousands" elsewhere.
STAGE_SHARES = {
    organiser.EMAIL: 0.753,
    organiser.NEW: 0.082,
    organiser.FORMS: 0.064,
    organiser.PHONE: 0.053,
    organiser.CHAT: 0.028,
    organiser.IN_WORK: 0.020,
}
YEARS = timedelta(days=3 * 365)
MALFORMED_EVERY, MALFORMED_AT = 200, 137
_WITH_PLANS, _OVERDUE = 0.012, 0.01
_MALFORMED = ("no_address", "two_addresses", "broken_date", "broken_name", "emoji", "html", "formula", "invisible")


@dataclass(slots=True)
class Arrival:
    """One lead to be: when it came and how it is written."""

    moment: datetime
    inquiry: Inquiry


def stage_counts(leads: int) -> dict[str, int]:
    """How many leads stand in each stage; the shares are exact, rounding falls on the last stages."""
    counts = {stage: round(leads * share) for stage, share in STAGE_SHARES.items()}
    counts[organiser.NEW] += leads - sum(counts.values())
    return counts


def plant_pile(planter: Planter, chance: Random, cast: Cast, leads: int) -> dict[str, Any]:
    """Write the pile and give the truth about it: lead id -> what it really is."""
    arrivals = _arrivals(planter, chance, cast, stage_counts(leads))
    truth: dict[str, Any] = {}
    previous: dict[int, str] = {}  # message id of the last letter in a thread, by the thread's root
    for number, arrival in enumerate(arrivals):
        kind = (
            _MALFORMED[number // MALFORMED_EVERY % len(_MALFORMED)]
            if number % MALFORMED_EVERY == MALFORMED_AT
            else None
        )
        if kind:
            writing.spoil(arrival.inquiry, kind)
        moment = moments.stored(arrival.moment)
        lead_id = planter.lead(arrival.inquiry, moment, previous)
        _plan_ahead(planter, chance, lead_id, arrival)
        truth[str(lead_id)] = arrival.inquiry.truth | {"malformed": kind}
    _label(truth)
    return truth


def _label(truth: dict[str, Any]) -> None:
    """`label`: whether a person's letter was his first or a repeated one, among those that tell whose they are."""
    seen: set[str] = set()
    for one in truth.values():  # in order of id, which is the order of time
        told = one.get("told") and one["person"] is not None
        one["label"] = ("repeat" if one["person"] in seen else "first") if told else None
        if told:
            seen.add(one["person"])


def _arrivals(planter: Planter, chance: Random, cast: Cast, counts: dict[str, int]) -> list[Arrival]:
    # Counted from midnight: whenever it is planted, the same seed puts the same person behind the same id.
    end = planter.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    bag = mailbag.fill(chance, cast, counts[organiser.EMAIL])
    found = [one for root, thread in enumerate(bag) for one in _thread(chance, end, thread, root)]
    makers: dict[str, Callable[[Random, Person, Seminar | None], Inquiry]] = {
        organiser.FORMS: _form,
        organiser.PHONE: _call,
        organiser.CHAT: _chat,
        organiser.NEW: _undefined,
        organiser.IN_WORK: _in_work,
    }
    everybody = cast.known + cast.newcomers
    for stage, make in makers.items():
        for _ in range(counts[stage]):
            event = chance.choice(EVENTS) if chance.random() < 0.6 else None
            found.append(Arrival(_some_time(chance, end), make(chance, chance.choice(everybody), event)))
    found.sort(key=lambda one: one.moment)
    return found


def _some_time(chance: Random, end: datetime) -> datetime:
    """Some time in three years, the later the likelier, in working hours more often than at night."""
    days = YEARS.days * (1 - chance.random() ** 0.8)
    moment = end - timedelta(days=days)
    hour = int(chance.triangular(5, 18, 9)) % 24  # UTC: from eight in the morning to nine in the evening in Moscow
    moment = moment.replace(hour=hour, minute=chance.randrange(60), second=chance.randrange(60), microsecond=0)
    return min(moment, end)


def _thread(chance: Random, end: datetime, thread: Sequence[Letter], root: int) -> list[Arrival]:
    moment = _some_time(chance, end)
    if (deal := thread[0].deal) is not None:  # people write about a deal once it is there
        moment = end - timedelta(days=min(deal.age, YEARS.days) * chance.random())
        moment = moment.replace(microsecond=0)
    found = []
    for letter in thread:
        inquiry = writing.of_letter(letter, root)
        found.append(Arrival(moment, inquiry))
        moment = min(moment + timedelta(hours=chance.expovariate(1 / 70) + 0.2), end)
    return found


def _form(chance: Random, person: Person, event: Seminar | None) -> Inquiry:
    title = f"Заполнение CRM-формы «{'Заявка: ' + event.title if event else 'Обратная связь'}»"
    source = chance.choice(("yandex", "google", "vk", "telegram", "e-mail"))
    fields: Row = {"TITLE": title, "SOURCE_ID": chance.choice(("WEBFORM", "WEB", "WEB")), "UTM_SOURCE": source}
    fields |= {"UTM_MEDIUM": "cpc" if source in ("yandex", "google") else "social"}
    fields |= {"UTM_CAMPAIGN": names.latin(event.title).replace(" ", "_")[:40] if event else "brand"}
    fields |= _named(person) | {"COMPANY_TITLE": person.firm.title if person.firm else "", "ASSIGNED_BY_ID": 15}
    fields |= writing.contact_points(chance.choice(person.addresses), names.phone_spelling(chance, person.phone))
    return writing.of_person(organiser.FORMS, "form", fields, person, event, ("CRM_WEBFORM", "CRM_WEBFORM"))


def _call(chance: Random, person: Person, _: Seminar | None) -> Inquiry:
    owner = chance.choice(organiser.CALL_CENTRE)
    fields: Row = {"TITLE": f"{person.phone} - Входящий звонок", "SOURCE_ID": "CALL", "ASSIGNED_BY_ID": owner}
    fields |= writing.contact_points("", person.phone) | (_named(person) if chance.random() < 0.3 else {})
    return writing.of_person(organiser.PHONE, "call", fields, person, None, ("VOXIMPLANT_CALL", "CALL"))


def _chat(chance: Random, person: Person, event: Seminar | None) -> Inquiry:
    guest = chance.randrange(10000, 99999)
    fields: Row = {
        "TITLE": f"Гость №{guest} - Чат с сайта",
        "SOURCE_ID": "WEB",
        "ASSIGNED_BY_ID": chance.choice(organiser.CALL_CENTRE),
    }
    fields |= {"NAME": person.name.given if chance.random() < 0.5 else f"Гость №{guest}"}
    fields["IM"] = [{"VALUE": f"imol|livechat|1|{guest}|{guest + 7}", "VALUE_TYPE": "IMOL"}]
    if chance.random() < 0.4:
        fields |= writing.contact_points("", names.phone_spelling(chance, person.phone))
    if event:
        fields["COMMENTS"] = f"Интересует {event.nominative.lower()} «{event.title}»"
    return writing.of_person(organiser.CHAT, "chat", fields, person, event, ("IMOPENLINES_SESSION", "1"))


def _undefined(chance: Random, person: Person, event: Seminar | None) -> Inquiry:
    title = (
        event.title
        if event
        else chance.choice(("Новый лид", "Без названия", "Визитка с выставки", "Перезвонить", "???"))
    )
    fields: Row = {
        "TITLE": title,
        "SOURCE_ID": chance.choice(("OTHER", "TRADE_SHOW", "CALL", "PARTNER")),
        **_named(person),
    }
    fields |= {"ASSIGNED_BY_ID": chance.choice((*organiser.SALES, organiser.DIRECTOR, organiser.DISMISSED))}
    fields |= writing.contact_points(
        chance.choice(person.addresses) if chance.random() < 0.5 else "",
        names.phone_spelling(chance, person.phone) if chance.random() < 0.7 else "",
    )
    return writing.of_person(organiser.NEW, "undefined", fields, person, event, None)


def _in_work(chance: Random, person: Person, event: Seminar | None) -> Inquiry:
    made = _undefined(chance, person, event)
    made.fields |= {
        "STATUS_ID": organiser.IN_WORK,
        "ASSIGNED_BY_ID": event.manager if event else chance.choice(organiser.SALES),
    }
    return made


def _named(person: Person) -> Row:
    return {"NAME": person.name.given, "LAST_NAME": person.name.surname}


def _plan_ahead(planter: Planter, chance: Random, lead_id: int, arrival: Arrival) -> None:
    """A few leads are not stuck: a reminder or a task lies ahead; a few had one that nobody kept."""
    roll = chance.random()
    owner = int(arrival.inquiry.fields["ASSIGNED_BY_ID"])
    if roll < _WITH_PLANS:
        ahead = planter.now() + timedelta(days=chance.randrange(1, 30), hours=chance.randrange(8))
        planter.plan(lead_id, owner, moments.stored(ahead), moments.stored(arrival.moment), task=roll < _WITH_PLANS / 4)
        arrival.inquiry.truth["planned"] = True
    elif roll < _WITH_PLANS + _OVERDUE:
        missed = min(arrival.moment + timedelta(days=chance.randrange(1, 10)), planter.now() - timedelta(hours=1))
        planter.plan(lead_id, owner, moments.stored(missed), moments.stored(arrival.moment), task=False)
