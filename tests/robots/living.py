"""A month in the generated company, lived by the real runtime: its sandbox, its store, its worker, a moved clock.

People call and move cards, clients write; between two happenings the clock goes to whatever comes next, the worker
does what is due, and in the end everything that robots did can be asked for, each deed with its moment.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from b24kit.change.journal import State
from b24kit.change.operation import Operation
from b24kit.clock import Clock
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Create
from b24kit.playbook.deciding import decider
from b24kit.playbook.loader import parse_playbook
from b24kit.robots.gather import WatchedPortal
from b24kit.robots.ledger import Ledger
from b24kit.robots.store import Event, Store
from b24kit.robots.turns import StoredTurns
from b24kit.robots.worker import Duty, Worker
from b24kit.sandbox.remote import RemoteClock
from b24kit.sandbox.server import Sandbox

MOSCOW = ZoneInfo("Europe/Moscow")
WORK, CHAT, LOST = "5", "UC_0W9KZT", "JUNK"  # stages of the company's leads
STAGES = {"WORK": WORK, "CHAT": CHAT, "LOST": LOST}
HOURS = (time(9), time(18))
BOOK = """
b24kit: 1
name: month
title: {{ru: Месяц, en: Month}}
people:
  zone: Europe/Moscow
  week: "09:00-18:00"
  holidays: work
  days_off: [{holiday}]
  absences:
    - {{who: "3", since: {away}, until: {back}}}
    - {{who: "9", since: {lent}, until: {returned}, deputy: "8"}}
  deputies: [{{who: "7", deputy: "8"}}]
owners:
  sources:
    - {{source: CALL, team: Отдел продаж}}
    - {{source: WEBFORM, to: "9"}}
    - {{source: WEB, to: "7"}}
  fallback: {{to: "1"}}
routing: {{intake: NEW, assigned: в Работе, hand_over: true}}
sla:
  rules:
    - {{name: first-call, stages: в Работе, action: call, within: 1h, warn_before: 15m, head_after: 1h, pass_after: 2h}}
    - {{name: answer, stages: Чат, action: answer, since: inquiry, within: 2h, head_after: 1h}}
cadence:
  sequences:
    - name: three
      stages: в Работе
      sources: [CALL, WEB]
      on_reply: Чат
      steps:
        - {{by: call, title: "Звонок 1", script: "Раз."}}
        - {{by: call, after: 1d, title: "Звонок 2", script: "Два."}}
        - {{by: call, after: 2d, title: "Звонок 3", script: "Три."}}
      close: {{stage: JUNK, reason: нет связи, after: 1d}}
    - name: two
      stages: в Работе
      sources: WEBFORM
      on_reply: Чат
      steps:
        - {{by: call, title: "Звонок 1", script: "Раз."}}
        - {{by: call, after: 1d, title: "Звонок 2", script: "Два."}}
      farewell: {{by: call, after: 3d, script: "До свидания."}}
      close: {{stage: JUNK, reason: нет связи, after: 1d}}
  reopen: [{{stages: JUNK, to: Чат}}]
"""


@dataclass(frozen=True, slots=True)
class Happening:
    """What people and clients do to a card, so many days and minutes after Monday: `call` (nobody answered), `talk`,
    `letter` (of the client), `move STAGE`, `plan DAY HH:MM` (a to-do of his own), `dismiss USER`."""

    card: int
    day: int
    minutes: int
    what: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A new lead: when it comes, its source, and whose it is (leads with one `client` have one phone number)."""

    day: int = 0
    minutes: int = 9 * 60 + 30
    source: str = "CALL"
    client: str | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """One operation of robots that was carried out."""

    at: datetime
    card: str
    key: str
    operation: Operation


@dataclass
class Month:
    """The company, and what happens to `cards` new leads in it."""

    box: Sandbox
    portal: WatchedPortal
    clock: Clock
    store: Store
    monday: datetime
    worker: Worker
    cards: list[Ref] = field(default_factory=list)
    heard: dict[Ref, list[datetime]] = field(default_factory=dict)  # when each client wrote
    called: dict[Ref, list[datetime]] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)  # of each client

    @property
    def holiday(self) -> date:
        return (self.monday + timedelta(days=9)).astimezone(MOSCOW).date()

    def live(self, arrivals: Sequence[Arrival], happenings: Sequence[Happening], days: int = 26) -> None:
        """Leads come, things happen and deadlines end, each at its hour; arrivals are given in order of time."""
        waiting: list[Arrival | Happening] = sorted(
            [*arrivals, *happenings], key=lambda one: (one.day, one.minutes, isinstance(one, Happening))
        )
        end = self.monday + timedelta(days=days)
        while True:
            ahead = [_moment(self.monday, waiting[0])] if waiting else []
            due = self.store.base.rows("SELECT min(due) FROM cards WHERE portal = 'p'")[0][0]
            ahead += [datetime.fromtimestamp(due, UTC)] if due is not None else []
            if not ahead or min(ahead) > end:
                return
            self._until(min(ahead))
            come: list[Arrival] = []
            while waiting and _moment(self.monday, waiting[0]) <= self.clock.now():
                one = waiting.pop(0)
                if isinstance(one, Arrival):
                    come.append(one)
                    continue
                self._happen(one)
            self._arrive(come)
            self.worker.drain()

    def deeds(self) -> list[Deed]:
        """All that robots did, in order."""
        ledger = Ledger(self.store, "p")
        found = []
        for entry, _ in ledger.history(self.monday, self.clock.now() + timedelta(days=1)):
            operation = ledger.operation(entry.key)
            if entry.state is State.DONE and operation is not None:
                found.append(Deed(entry.at, operation.cluster, entry.key, operation))
        return found

    def rows(self, table: str) -> list[dict[str, Any]]:
        return list(cast(dict[str, dict[str, Any]], self.box.control.dump([table])["tables"][table]).values())

    def works(self, at: datetime, user: str | None) -> bool:
        """Whether somebody works at a moment, reckoned here by hand: weekdays, hours, the holiday, the absence."""
        here = at.astimezone(MOSCOW)
        away = user == "3" and timedelta(days=7) <= here.date() - self.monday.astimezone(MOSCOW).date() < timedelta(12)
        usual = here.weekday() < 5 and here.date() != self.holiday and HOURS[0] <= here.time() <= HOURS[1]
        return usual and not away

    def _arrive(self, come: Sequence[Arrival]) -> None:
        if not come:
            return
        writes = [
            Create(f"made-{n}", Kind.LEAD, {"title": f"Заявка {n}", "stage": "NEW", "source": one.source})
            for n, one in enumerate(come, len(self.cards))
        ]
        made = sorted(self.portal.perform(writes, lambda _: None), key=lambda one: int(one.key[5:]))
        cards = [Ref(Kind.LEAD, str(one.new_id)) for one in made]
        for ref, one in zip(cards, come, strict=True):  # a client who can be called
            phone = self.phones.setdefault(one.client or str(ref), f"+7916{ref.id:0>7}")
            self.call("crm.lead.update", id=ref.id, fields={"PHONE": [{"VALUE": phone}]})
        self.cards += cards
        self.store.put("p", [Event(ref, "added") for ref in cards], self.clock.now())

    def _happen(self, one: Happening) -> None:
        verb, _, rest = one.what.partition(" ")
        if verb == "dismiss":
            self.call("user.update", ID=int(rest), ACTIVE=False)
            return
        ref, now = self.cards[one.card % len(self.cards)], self.clock.now()
        if verb in ("move", "plan"):
            self._by_hand(ref, verb, rest)
        else:
            self._spoken(ref, one, now)
        self.store.put("p", [Event(ref, "stirred")], now)

    def _by_hand(self, ref: Ref, verb: str, rest: str) -> None:
        if verb == "move":
            self.call("crm.lead.update", id=ref.id, fields={"STATUS_ID": STAGES[rest]})
            return
        deadline = _moment(self.monday, Happening(0, *read_moment(rest), verb)).isoformat()
        self.call("crm.activity.todo.add", ownerTypeId=1, ownerId=ref.id, deadline=deadline, title="Моя задача")

    def _spoken(self, ref: Ref, one: Happening, now: datetime) -> None:
        told = now.isoformat(timespec="seconds")
        fields: dict[str, Any] = {
            "OWNER_TYPE_ID": 1, "OWNER_ID": ref.id, "SUBJECT": one.what, "COMPLETED": "Y", "RESPONSIBLE_ID": 1,
            "START_TIME": told, "END_TIME": told,
        }  # fmt: skip
        phone = [{"VALUE": "+79160000000", "TYPE": "PHONE", "ENTITY_TYPE_ID": 1, "ENTITY_ID": ref.id}]
        if one.what == "letter":
            fields |= {
                "TYPE_ID": 4,
                "DIRECTION": 1,
                "COMMUNICATIONS": [{**phone[0], "TYPE": "EMAIL", "VALUE": "a@b.ru"}],
            }
            self.heard.setdefault(ref, []).append(now)
        else:
            fields |= {"TYPE_ID": 2, "DIRECTION": 2, "COMMUNICATIONS": phone}
            self.called.setdefault(ref, []).append(now)
        if one.what == "talk":
            fields["END_TIME"] = (now + timedelta(minutes=3)).isoformat(timespec="seconds")
            self.heard.setdefault(ref, []).append(now)
        self.call("crm.activity.add", fields=fields)

    def call(self, method: str, **params: Any) -> Mapping[str, Any]:
        """What a person does, through a webhook of his own."""
        body = json.dumps(params).encode()
        request = urllib.request.Request(
            f"{self.box.webhook_urls[1]}{method}", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            return cast(dict[str, Any], json.load(answer))

    def _until(self, moment: datetime) -> None:
        seconds = (moment - self.clock.now()).total_seconds()
        if seconds > 0:
            self.box.control.advance(seconds)


@contextmanager
def company(folder: Path, leads: int = 20) -> Iterator[Month]:
    """The generated company on a Monday, its old leads left to people."""
    webhooks = ({"user_id": 1}, {"user_id": 1})
    seed = {"kind": "company", "leads": leads, "seed": 7}
    with Sandbox(seed=seed, clock="moved", grace=0.001, webhooks=webhooks) as box:
        clock = NearClock(box)
        here = clock.now().astimezone(MOSCOW)
        first = here.date() + timedelta(days=7 - here.weekday())
        monday = datetime.combine(first, time(0), MOSCOW)
        dates = {"holiday": first + timedelta(days=9), "away": first + timedelta(days=7), "back": first + timedelta(11)}
        dates |= {"lent": first + timedelta(days=8), "returned": first + timedelta(days=10)}
        portal = cast(WatchedPortal, open_portal(Webhook.parse(box.webhook_url), clock))
        store = Store(folder / "robots.sqlite")
        rules = decider(parse_playbook(BOOK.format(**dates), "month.yaml"), portal, clock, StoredTurns(store, "p"))
        worker = Worker(Duty(portal_id="p", portal=portal, decide=rules), store, clock, "w")
        yield Month(box, portal, clock, store, monday, worker)
        assert not box.control.mails(), "a letter was really sent"
        store.close()
        portal.close()


class NearClock(RemoteClock):
    """The portal's clock, read in its own process: a month asks for the time twenty thousand times."""

    def __init__(self, box: Sandbox) -> None:
        super().__init__(box.control)
        self._here = box.site.clock

    def now(self) -> datetime:
        return self._here.now()

    def monotonic(self) -> float:
        return self._here.elapsed()


def read_moment(text: str) -> tuple[int, int]:
    """Day and minutes of "3 09:30"."""
    day, _, at = text.partition(" ")
    return int(day), 60 * int(at[:2]) + int(at[3:5])


def _moment(monday: datetime, one: Arrival | Happening) -> datetime:
    return monday + timedelta(days=one.day, minutes=one.minutes)
