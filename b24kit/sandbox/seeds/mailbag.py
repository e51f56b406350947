"""Which letters lie in the E-mail stage: threads of known clients and newcomers, and what is no client's letter.

Gives letters in order of time inside a thread; the caller spreads them over the years.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from b24kit.sandbox.seeds import letters, names, organiser
from b24kit.sandbox.seeds.cast import Cast, Firm, Person, address_spelling
from b24kit.sandbox.seeds.letters import Letter
from b24kit.sandbox.seeds.organiser import DOMAIN, EVENTS, Seminar

# Shares of the E-mail stage; what is left are letters of newcomers.
SHARES = {
    "known": 0.60,
    "shared": 0.030,
    "relay": 0.020,
    "forwarded": 0.020,
    "employee": 0.020,
    "newsletter": 0.060,
    "notification": 0.030,
    "auto_reply": 0.025,
    "bounce": 0.015,
}
ACTIVE_KNOWN = 0.72  # the rest of the known clients never wrote into a connected mailbox
_EVENT_SHARE = 0.45
_RELAYS = ("noreply@forms-relay.example", "robot@tilda-forms.example", "no-reply@lead-form.example")
_SHARED_BOXES = ("info", "sales", "office", "zakupki")
Thread = list[Letter]


def fill(chance: Random, cast: Cast, count: int) -> list[Thread]:
    """Exactly `count` letters as threads (a thread of one for most kinds), in no particular order."""
    left = {kind: round(count * share) for kind, share in SHARES.items()}
    active = chance.sample(cast.known, max(1, round(len(cast.known) * ACTIVE_KNOWN)))
    bag = _threads(chance, active, left["known"])
    bag += _threads(chance, cast.newcomers, count - sum(left.values()))
    everybody = active + cast.newcomers
    peopled = [firm for firm in cast.firms + cast.foreign_firms if len(firm.people) >= 2] or cast.firms
    bag += [[_shared(chance, chance.choice(peopled), everybody)] for _ in range(left["shared"])]
    bag += [[_relay(chance, chance.choice(everybody))] for _ in range(left["relay"])]
    bag += [[_forwarded(chance, chance.choice(everybody))] for _ in range(left["forwarded"])]
    bag += [[_employee(chance)] for _ in range(left["employee"])]
    bag += [[_newsletter(chance, number)] for number in range(left["newsletter"])]
    bag += [[_notification(chance)] for _ in range(left["notification"])]
    bag += [[_auto_reply(chance, chance.choice(active))] for _ in range(left["auto_reply"])]
    bag += [[_bounce(chance, chance.choice(active))] for _ in range(left["bounce"])]
    return bag


def _threads(chance: Random, people: Sequence[Person], count: int) -> list[Thread]:
    """Every person writes at least once while letters last; some write a lot."""
    budget = [0] * len(people)
    eager = [chance.paretovariate(1.4) for _ in people]
    for place in range(min(count, len(people))):
        budget[place] = 1
    for place in chance.choices(range(len(people)), eager, k=max(0, count - len(people))):
        budget[place] += 1
    threads = []
    for person, letters_left in zip(people, budget, strict=True):
        left = letters_left
        while left > 0:
            size = min(left, chance.choice((1, 1, 2, 3, 4)))
            threads.append(_thread(chance, person, size))
            left -= size
    return threads


def _thread(chance: Random, person: Person, size: int) -> Thread:
    event = chance.choice(EVENTS) if chance.random() < _EVENT_SHARE else None
    subject, address = letters.subject_of(chance, event), chance.choice(person.addresses)
    mailbox, owner = _mailbox(chance, person, event)
    thread: Thread = []
    for number in range(size):
        quoted = thread[-1].body if thread else ""
        shown = f"Re: {subject}" if number else subject
        letter = Letter(
            "human", mailbox, owner, names.spelling(chance, person.name), address_spelling(chance, address), shown, ""
        )
        letter.body, letter.person, letter.event = letters.body_of(chance, person, quoted), person, event
        thread.append(letter)
    return thread


def _mailbox(chance: Random, person: Person | None, event: Seminar | None) -> tuple[str, int]:
    """Where the letter went: a shared box, or the personal one of the client's or the event's manager."""
    if chance.random() < 0.45:
        return chance.choice(list(organiser.SHARED_MAILBOXES.items()))
    owner = event.manager if event else person.owner if person and person.owner else chance.choice(organiser.SALES)
    employee = next(one for one in organiser.EMPLOYEES if one.id == owner)
    return employee.email, owner


def _shared(chance: Random, firm: Firm, everybody: Sequence[Person]) -> Letter:
    person = chance.choice(firm.people or everybody)
    letter = _about(chance, "shared", person)
    letter.sender = f"{_SHARED_BOXES[len(firm.key) % len(_SHARED_BOXES)]}@{firm.domain}"
    letter.sender_name = names.spelling(chance, person.name) if chance.random() < 0.7 else firm.title
    return letter


def _relay(chance: Random, person: Person) -> Letter:
    letter = _about(chance, "relay", person)
    letter.subject, letter.body = letters.relayed(chance, person, letter.event)
    letter.sender, letter.sender_name = chance.choice(_RELAYS), "Форма сайта"
    letter.reply_to = person.addresses[0] if chance.random() < 0.5 else ""
    return letter


def _forwarded(chance: Random, person: Person) -> Letter:
    letter = _about(chance, "forwarded", person)
    colleague = chance.choice([one for one in organiser.EMPLOYEES if one.active])
    letter.subject, letter.body = letters.forwarded(chance, person, letter.subject)
    letter.sender, letter.sender_name = colleague.email, f"{colleague.given} {colleague.surname}"
    return letter


def _employee(chance: Random) -> Letter:
    colleague = chance.choice([one for one in organiser.EMPLOYEES if one.active])
    mailbox, owner = _mailbox(chance, None, None)
    subject = f"Re: {letters.subject_of(chance, None)}"
    body = f"Коллеги, ответил клиенту, копия вам.\n\n{colleague.given} {colleague.surname}\n{organiser.COMPANY_NAME}"
    return Letter("employee", mailbox, owner, f"{colleague.given} {colleague.surname}", colleague.email, subject, body)


def _newsletter(chance: Random, number: int) -> Letter:
    name, sender, subject, body, headers = letters.newsletter(chance, number)
    mailbox, owner = _mailbox(chance, None, None)
    return Letter("newsletter", mailbox, owner, name, sender, subject, body, headers=headers)


def _notification(chance: Random) -> Letter:
    name, sender, subject, body, headers = letters.notification(chance)
    mailbox, owner = _mailbox(chance, None, None)
    return Letter("notification", mailbox, owner, name, sender, subject, body, headers=headers)


def _auto_reply(chance: Random, person: Person) -> Letter:
    letter = _about(chance, "auto_reply", person)
    letter.subject, letter.body, letter.headers = letters.auto_reply(chance, letter.subject)
    return letter


def _bounce(chance: Random, person: Person) -> Letter:
    letter = _about(chance, "bounce", person)
    letter.subject, letter.body, letter.headers = letters.bounce(person.addresses[0])
    letter.event = None  # nothing in a bounce speaks of it
    letter.sender, letter.sender_name = f"MAILER-DAEMON@mx.{DOMAIN}", "Mail Delivery System"
    return letter


def _about(chance: Random, kind: str, person: Person) -> Letter:
    """A letter about a person, still with the person's own address and a body of his."""
    event = chance.choice(EVENTS) if chance.random() < _EVENT_SHARE else None
    mailbox, owner = _mailbox(chance, person, event)
    sender, subject = chance.choice(person.addresses), letters.subject_of(chance, event)
    name = names.spelling(chance, person.name)
    return Letter(kind, mailbox, owner, name, sender, subject, letters.body_of(chance, person), person, event)
