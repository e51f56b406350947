"""Which letters lie in the E-mail stage: threads of known clients and newcomers, and what is no client's letter.

Gives letters in order of time inside a thread; the caller spreads them over the years.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from b24kit.sandbox.seeds import hands, letters, machines, names, organiser, relays
from b24kit.sandbox.seeds.cast import Cast, Firm, Person, Running, address_spelling
from b24kit.sandbox.seeds.letters import Letter
from b24kit.sandbox.seeds.machines import Note
from b24kit.sandbox.seeds.organiser import EVENTS, Seminar

# Shares of the E-mail stage; what is left are letters of newcomers.
SHARES = {
    "known": 0.60,
    "shared": 0.030,
    "form_relay": 0.020,
    "marketplace_relay": 0.010,
    "telephony_relay": 0.010,
    "forwarded": 0.020,
    "employee": 0.020,
    "newsletter": 0.060,
    "notification": 0.030,
    "auto_reply": 0.025,
    "bounce": 0.015,
}
ACTIVE_KNOWN = 0.72  # the rest of the known clients never wrote into a connected mailbox
_EVENT_SHARE = 0.45
_ABOUT_DEAL = 0.75  # of the threads of a client with a running deal
_ABOUT_COLLEAGUES = 0.10  # of the threads of a person whose firm has one
_HTML_SHARE, _ANSWERED_SHARE = 0.4, 0.35
_SHARED_BOXES = ("info", "sales", "office", "zakupki")
_COLLEAGUES = (
    ("Re: {subject}", "Коллеги, ответил клиенту, копия вам."),
    ("RE: {subject}", "Добрый день! Места есть, высылаем условия."),
    ("{subject}", "Коллеги, напоминаю: до пятницы сдать отчёты."),
    ("Планёрка переносится", "Собираемся в 11:00 в переговорной."),
    (
        "Re: {subject}",
        "Отправил договор на подпись.\n\nОт: klient@firma.example\nОтправлено: 3.03.2025\nКому: нам\nТема: Re\n\nЖдём.",
    ),
)
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
    for kind in ("form_relay", "marketplace_relay", "telephony_relay"):
        bag += [[_relay(chance, kind, chance.choice(everybody))] for _ in range(left[kind])]
    bag += [[_forwarded(chance, chance.choice(everybody))] for _ in range(left["forwarded"])]
    bag += [[_employee(chance)] for _ in range(left["employee"])]
    bag += [[_machine(chance, "newsletter", machines.NEWSLETTERS)] for _ in range(left["newsletter"])]
    bag += [[_machine(chance, "notification", machines.NOTICES)] for _ in range(left["notification"])]
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
    deal, event, subject = _matter(chance, person)
    address = chance.choice(person.addresses)
    mailbox, owner = _mailbox(chance, person, event)
    thread: Thread = []
    for number in range(size):
        shown = f"{chance.choice(('Re', 'Re', 'RE', 'Отв'))}: {subject}" if number else subject
        sender = address_spelling(chance, address)
        letter = Letter("human", mailbox, owner, _shown_name(chance, person), sender, shown, "")
        letter.body = hands.body_of(chance, person)
        if thread:
            letter.body += "\n\n" + hands.quoted_under(chance, thread[-1].body, person)
            thread[-1].answered = chance.random() < _ANSWERED_SHARE
        letter.person, letter.event, letter.deal = person, event, deal
        thread.append(letter)
    for letter in thread:
        if chance.random() < _HTML_SHARE:
            letter.body = hands.as_html(letter.body)
    return thread


def _matter(chance: Random, person: Person) -> tuple[Running | None, Seminar | None, str]:
    """What a thread is about: a running deal, which needs no name when it is clear, an event, or anything else."""
    deal = None
    theirs = [one for mate in person.firm.people if mate is not person for one in mate.deals] if person.firm else []
    if person.deals and chance.random() < _ABOUT_DEAL:
        unnamed = chance.random() < 0.4
        lively = min(person.deals, key=lambda one: one.quiet)
        if unnamed and (len(person.deals) == 1 or chance.random() < 0.3):
            return (
                (lively if chance.random() < 0.8 else chance.choice(person.deals)),
                None,
                letters.subject_of(chance, None),
            )
        deal = chance.choice(person.deals)
    elif theirs and not person.deals and chance.random() < _ABOUT_COLLEAGUES:
        deal = chance.choice(theirs)
    if deal is None:
        # A letter about an event that a running deal of the firm is about would be that deal's.
        running = {one.event.title for one in (*person.deals, *theirs)}
        fresh = [one for one in EVENTS if one.title not in running]
        event = chance.choice(fresh) if fresh and chance.random() < _EVENT_SHARE else None
        return None, event, letters.subject_of(chance, event)
    if deal.number and (not deal.named or chance.random() < 0.5):
        return deal, None, letters.subject_with_number(chance, deal.number)
    return deal, deal.event, letters.subject_of(chance, deal.event)


def _shown_name(chance: Random, person: Person) -> str:
    """The name of the From header; who shares a mailbox with his family shows his whole name."""
    return f"{person.name.given} {person.name.surname}" if person.shares_box else names.spelling(chance, person.name)


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
    letter.told = False
    return letter


def _relay(chance: Random, kind: str, person: Person) -> Letter:
    letter = _about(chance, kind, person)
    relay = chance.choice([one for one in relays.RELAYS if one.kind == kind.removesuffix("_relay")])
    letter.subject, letter.body = relays.relayed(chance, relay, person, letter.event)
    letter.sender, letter.sender_name, letter.text = relay.sender, relay.name, relay.key
    letter.reply_to = person.addresses[0] if relay.reply_to else ""
    letter.told, letter.unseen = relay.tells_address, relay.unseen
    letter.event = letter.event if "{topic}" in relay.subject + relay.body else None
    return letter


def _forwarded(chance: Random, person: Person) -> Letter:
    letter = _about(chance, "forwarded", person)
    colleague = chance.choice([one for one in organiser.EMPLOYEES if one.active])
    style = chance.choice([*relays.FORWARDS, *relays.UNSEEN_FORWARDS])
    letter.body = relays.passed_on(chance, style, person, letter.subject, letter.body, colleague.email)
    letter.subject = chance.choice(relays.FORWARD_PREFIXES) + letter.subject
    letter.sender, letter.sender_name = colleague.email, f"{colleague.given} {colleague.surname}"
    letter.text, letter.told = style, relays.tells_client(style)
    letter.unseen = style in relays.UNSEEN_FORWARDS
    return letter


def _employee(chance: Random) -> Letter:
    colleague = chance.choice([one for one in organiser.EMPLOYEES if one.active])
    mailbox, owner = _mailbox(chance, None, None)
    name = f"{colleague.given} {colleague.surname}"
    subject, body = chance.choice(_COLLEAGUES)
    return Letter(
        "employee",
        mailbox,
        owner,
        name,
        colleague.email,
        subject.format(subject=letters.subject_of(chance, None)),
        f"{body}\n\n{name}\n{colleague.position}, {organiser.COMPANY_NAME}",
    )


def _machine(chance: Random, kind: str, notes: Sequence[Note], person: Person | None = None) -> Letter:
    note = chance.choice(notes)
    mailbox, owner = _mailbox(chance, None, None)
    words = {"number": str(chance.randrange(1000, 99999)), "address": person.addresses[0] if person else ""}
    headers = {name: value.replace("{address}", words["address"]) for name, value in note.headers.items()}
    sender = f"{note.local}@{note.domain}"
    body = note.body if note.body.startswith("<") else note.body.format(**words)
    letter = Letter(kind, mailbox, owner, note.name, sender, note.subject.format(**words), body, headers=headers)
    letter.person, letter.text, letter.told, letter.unseen = person, note.key, False, note.unseen
    return letter


def _auto_reply(chance: Random, person: Person) -> Letter:
    letter = _about(chance, "auto_reply", person)
    note = chance.choice(machines.AWAY)
    letter.subject = note.subject.format(subject=letter.subject, number=chance.randrange(1000, 99999))
    letter.body, letter.headers, letter.text, letter.told = note.body, dict(note.headers), note.key, False
    letter.unseen = note.unseen
    return letter


def _bounce(chance: Random, person: Person) -> Letter:
    return _machine(chance, "bounce", machines.BOUNCES, person)


def _about(chance: Random, kind: str, person: Person) -> Letter:
    """A letter about a person, still with the person's own address and a body of his."""
    event = chance.choice(EVENTS) if chance.random() < _EVENT_SHARE else None
    mailbox, owner = _mailbox(chance, person, event)
    sender, subject = chance.choice(person.addresses), letters.subject_of(chance, event)
    name = _shown_name(chance, person)
    return Letter(kind, mailbox, owner, name, sender, subject, hands.body_of(chance, person), person, event)
