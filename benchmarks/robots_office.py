"""A robots' service as a process of its own beside a fake portal, for the figures of robots: rules, process, sender.

Run as a module it is that process: `python -m benchmarks.robots_office WEBHOOK STORE PORT SWEEP_SECONDS`.
"""

from __future__ import annotations

import http.client
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from b24kit.change.operation import Reason
from b24kit.cli.context import fresh_name
from b24kit.cli.robots_desk import StoredHints
from b24kit.cli.serving import Listening, Receiving
from b24kit.clock import SystemClock
from b24kit.connectors.factory import open_portal, read_credentials
from b24kit.crm.cards import Lead
from b24kit.crm.event import Hears
from b24kit.crm.pipeline import LEADS
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Create, Write
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.gather import WatchedPortal
from b24kit.robots.lives import Lives, lives_folder
from b24kit.robots.server import Door, Letterbox, Receiver
from b24kit.robots.service import Service
from b24kit.robots.store import Store
from b24kit.robots.worker import Duty
from b24kit.sandbox.amocrm.opening import add_user
from b24kit.sandbox.server import Sandbox

PORTAL = "portal"
SECRET = "a-path-that-nobody-can-guess"
TOKEN = "the-token-of-this-portal"
OWNERS = ("2", "3", "4", "5")
NO_LIMITS: dict[str, Any] = {"limits": {"bucket": None, "operating": None, "request_seconds": None}}
VENDORS = ("bitrix24", "amocrm")
STEPS = [
    "NEW",
    "IN_PROCESS",
]  # where leads arrive and where their owner has them; of amoCRM as the account numbers them
_UP_SECONDS = 60.0


def owner_only(facts: CardFacts, _: datetime) -> Decision:
    """A new lead gets its owner and the next stage, and a comment that says why."""
    card = facts.card
    if not isinstance(card, Lead) or card.stage != STEPS[0]:
        return Decision(_left(facts, [_said(card)]) if isinstance(card, Lead) else ())
    owner = OWNERS[int(card.id) % len(OWNERS)]
    return Decision(_left(facts, [_do(card, "assign", owner=owner), _do(card, "move", stage=STEPS[1]), _said(card)]))


def everything(facts: CardFacts, now: datetime) -> Decision:
    """The same, and a to-do: all sorts of effects that people would see doubled."""
    first = owner_only(facts, now)
    card = facts.card
    if not isinstance(card, Lead):
        return first
    due = (facts.moves[0].at if facts.moves else now) + timedelta(hours=4)
    task = _do(card, "task", title="Позвонить", text="", deadline=due.isoformat())
    return Decision((*first.actions, *_left(facts, [task])), wake=due if now < due else None)


def _left(facts: CardFacts, actions: Sequence[Action]) -> tuple[Action, ...]:
    return tuple(one for one in actions if one.key not in facts.done)


def _said(card: Lead) -> Action:
    return _do(card, "comment", text="Назначен по правилу")


def _do(card: Lead, kind: str, **values: Any) -> Action:
    return Action(kind=kind, key=f"bench/{card.ref}/{kind}", card=card.ref, values=values, reason=Reason("bench"))


RULES = {"owner": owner_only, "everything": everything}


def main() -> None:
    """The service, until it is told to stop or killed."""
    webhook, place, port, sweep_seconds, rules = sys.argv[1:6]
    clock = SystemClock()
    store = Store(place if "://" in place else Path(place))
    state = Path(os.environ["B24KIT_STATE_DIR"])
    portal = cast(WatchedPortal, open_portal(read_credentials(webhook), clock, state_dir=state))
    STEPS[:] = _steps(portal)
    duty = Duty(portal_id=PORTAL, portal=portal, decide=RULES[rules])
    # The number of the process stands in the worker's name: then it can be told who holds which cards.
    name = f"{os.getpid()}-{fresh_name()}"
    every = timedelta(seconds=float(sweep_seconds))
    service = Service([duty], store, clock, name, sweep_every=every, lives=Lives(lives_folder(place, state)))
    letterbox = Letterbox(store, clock, service.ring)
    doors = (Door(PORTAL, SECRET, StoredHints(cast(Hears, portal).hook({TOKEN}))),)
    receiver = Receiver(doors, letterbox, clock, service.metrics, service.page)
    server = Listening(receiver.app, Receiving("127.0.0.1", int(port), doors))
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    server.start()
    service.start()
    over.wait()
    server.stop()
    letterbox.close()
    service.stop()
    portal.close()


@dataclass
class Bureau:
    """The fake portal, the store's place and a free port; services are started and killed from here."""

    box: Sandbox
    folder: Path
    port: int
    place: str
    rules: str = "owner"
    sweep_seconds: float = 3600
    vendor: str = "bitrix24"
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)
    ports: dict[int, int] = field(default_factory=dict)  # by the number of the process

    def start(self, port: int | None = None) -> subprocess.Popen[bytes]:
        """One more service; returns when it answers."""
        chosen = port or self.port
        arguments = [self.access(0), self.place, str(chosen), str(self.sweep_seconds), self.rules]
        environment = dict(os.environ, B24KIT_STATE_DIR=str(self.folder / "state"))
        child = subprocess.Popen([sys.executable, "-m", "benchmarks.robots_office", *arguments], env=environment)
        self.children.append(child)
        self.ports[child.pid] = chosen
        until = time.monotonic() + _UP_SECONDS
        while get(chosen, "/health")[0] != 200:
            if child.poll() is not None or time.monotonic() > until:
                raise SystemExit("the service does not start")
            time.sleep(0.05)
        return child

    def portal(self) -> WatchedPortal:
        """A client of our own, outside the robots' limits."""
        return cast(WatchedPortal, open_portal(read_credentials(self.access(1)), SystemClock()))

    def access(self, number: int) -> str:
        """A way in, as a person would paste it: the first one is the robots'."""
        if self.vendor == "amocrm":
            return f"{self.box.url} {self.box.tokens[number]}"
        return self.box.webhook_urls[number]

    def leads(self, count: int) -> list[Ref]:
        """So many new leads, made through another webhook."""
        portal = self.portal()
        stage = _steps(portal)[0]
        writes: list[Write] = [
            Create(f"made-{n}", Kind.LEAD, {"title": f"Заявка {n}", "stage": stage, "owner": "1"}) for n in range(count)
        ]
        found = [Ref(Kind.LEAD, str(one.new_id)) for one in portal.perform(writes, lambda _: None)]
        portal.close()
        return sorted(found, key=lambda ref: int(ref.id))

    def rows(self, table: str) -> list[dict[str, Any]]:
        return list(cast(dict[str, dict[str, Any]], self.box.control.dump([table])["tables"][table]).values())

    def owned(self) -> int:
        """Leads that left the first stage for their owner."""
        if self.vendor == "amocrm":
            return sum(str(row["responsible_user_id"]) in OWNERS for row in self.rows("leads"))
        return sum(str(row["ASSIGNED_BY_ID"]) in OWNERS and row["STATUS_ID"] != "NEW" for row in self.rows("lead"))

    def owner(self, lead: Ref) -> str:
        """Who has it, by the fake portal's own table."""
        table, column = ("leads", "responsible_user_id") if self.vendor == "amocrm" else ("lead", "ASSIGNED_BY_ID")
        return str(self.box.site.portal.store[table].rows[int(lead.id)][column])

    def commented(self) -> list[str]:
        """The card of each comment."""
        if self.vendor == "amocrm":
            return [str(row["owner"]) for row in self.rows("note") if row["note_type"] == "common"]
        return [str(row["OWNER"]) for row in self.rows("comment_binding")]

    def form(self, lead: Ref) -> bytes:
        """What the portal posts for a new card."""
        if self.vendor == "amocrm":
            number = str(self.box.site.portal.account_id)
            return urlencode({"leads[add][0][id]": lead.id, "account[id]": number}).encode()
        return form(lead)

    def wait_owned(self, count: int, seconds: float, pause: float = 0.2) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.owned() >= count:
                return True
            time.sleep(pause)
        return False


@contextmanager
def bureau(folder: Path, *, port: int, place: str | None = None, **options: Any) -> Iterator[Bureau]:
    """A furnished portal without leads; every child is ended at the end."""
    rules, sweep = options.pop("rules", "owner"), options.pop("sweep_seconds", 3600)
    vendor = options.pop("vendor", "bitrix24")
    ways = {"tokens" if vendor == "amocrm" else "webhooks": ({"user_id": 1}, {"user_id": 1})}
    with Sandbox(vendor=vendor, seed={"kind": "empty"}, clock="real", **ways, **options) as box:
        found = Bureau(box, folder, port, place or str(folder / "robots.sqlite"), rules, sweep, vendor)
        if vendor == "amocrm":
            for number in OWNERS:  # cards go to people that the account knows
                add_user(box.site.portal, f"Сотрудник {number}", f"{number}@portal.example")
        try:
            yield found
        finally:
            for child in found.children:
                if child.poll() is None:
                    child.terminate()
                    child.wait(30)


def _steps(portal: WatchedPortal) -> list[str]:
    """The first two stages of leads where people work."""
    if portal.capabilities.own_stage_codes:
        return ["NEW", "IN_PROCESS"]
    return [one.code for one in portal.stages() if one.ladder == LEADS and not one.system][:2]


def form(lead: Ref, event: str = "ONCRMLEADADD") -> bytes:
    """What the portal posts for a card."""
    fields = {"event": event, "data[FIELDS][ID]": lead.id, "ts": "1", "auth[application_token]": TOKEN}
    return urlencode(fields).encode()


def post(connection: http.client.HTTPConnection, body: bytes) -> tuple[int, float]:
    """One delivery: the status, and seconds from its last byte to the first byte of the answer."""
    connection.request("POST", f"/hooks/{SECRET}", body, {"Content-Type": "application/x-www-form-urlencoded"})
    begun = time.perf_counter()
    response = connection.getresponse()
    took = time.perf_counter() - begun
    response.read()
    return response.status, took


def deliver(port: int, bodies: Sequence[bytes], at_once: int = 20) -> tuple[list[int], list[float]]:
    """Post all of these, at most so many at a time, each once; statuses (0: no answer) and times."""
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for body in bodies:
        waiting.put(body)
    statuses: list[int] = []
    times: list[float] = []

    def run() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while True:
            try:
                body = waiting.get_nowait()
            except queue.Empty:
                connection.close()
                return
            try:
                status, took = post(connection, body)
                times.append(took)
            except (OSError, http.client.HTTPException):
                connection.close()
                status = 0
            statuses.append(status)

    lanes = [threading.Thread(target=run) for _ in range(at_once)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    return statuses, times


def get(port: int, path: str) -> tuple[int, str]:
    """A page of the service, status 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def answered_within(port: int, bound: str) -> float:
    """The share of answers that the service itself counted within a bound (`0.05` seconds)."""
    counts = {}
    for line in get(port, "/metrics")[1].splitlines():
        if line.startswith("b24kit_answer_seconds_bucket"):
            counts[line.partition('le="')[2].partition('"')[0]] = float(line.rpartition(" ")[2])
    return counts.get(bound, 0.0) / counts["+Inf"] if counts.get("+Inf") else 0.0


def share(values: Sequence[float], part: float) -> float:
    """The value below which this part of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


if __name__ == "__main__":
    main()
