"""Letters to clients while the process that sends them is killed by `kill -9` again and again: unarmed none leaves,
armed every letter that was let go leaves once, and none twice. Prints JSON.

Run as a module with two arguments more it is the process that sends: `... WEBHOOK STORE`.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from b24kit.change.operation import Reason
from b24kit.cli.context import fresh_name
from b24kit.clock import SystemClock
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.activity import Channel
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.user import User
from b24kit.crm.writes import Create, Write
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.gather import WatchedPortal
from b24kit.robots.outbox import Outbox, Release
from b24kit.robots.posting import Posting
from b24kit.robots.spec_sending import SendingSpec
from b24kit.robots.store import Event, Store
from b24kit.robots.worker import Duty, Worker
from b24kit.sandbox.server import Sandbox

PORTAL = "portal"
LETTERS = 240
KILLS = 15
MAIL_SECONDS = 0.1  # the portal's work on one letter: most of the time one is on its way
SIZE = 20  # cards of one pass: what is in hand when the process dies
SETTLED = 240.0  # seconds within which leases end and what is open is found out
FREE = SendingSpec(hours=((0, 1440),), weekdays_only=False, per_day=1000)
BOSS = User(id="1", name="Анна", email="anna@example.com")


def main() -> None:
    """Print one JSON object; the number of letters may be given as the only argument."""
    if len(sys.argv) == 3:
        send(sys.argv[1], Path(sys.argv[2]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else LETTERS
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"benchmark": "robots_letters", "letters": count, **measured(Path(folder), count)}))


def measured(folder: Path, count: int) -> dict[str, Any]:
    """Write the letters unarmed, let them go, send them under fire, and count what arrived."""
    manners = {"work": {"crm.activity.add": MAIL_SECONDS}, "operating": None}
    with Sandbox(seed={"kind": "empty"}, clock="real", manners=manners) as box:
        place, clock = folder / "robots.sqlite", SystemClock()
        store = Store(place)
        cards = made(box, count)
        store.put(PORTAL, [Event(card, "added") for card in cards], clock.now())
        worker(box.webhook_url, store, sends=False).drain()
        unarmed = len(box.control.mails())
        outbox = Outbox(store, PORTAL)
        outbox.approve(outbox.waiting(), clock.now())
        under_fire(box.webhook_url, place)
        waited(box.webhook_url, store)
        first = Counter(str(mail["TO"]) for mail in box.control.mails())
        doubtful = [one for one in outbox.waiting() if one.state is Release.DOUBT]
        outbox.approve(doubtful, clock.now())  # a person looked: they did not arrive
        worker(box.webhook_url, store, sends=True).drain()
        found = Counter(str(mail["TO"]) for mail in box.control.mails())
        doubted = store.base.rows("SELECT count(*) FROM operations WHERE doubt IS NOT NULL")[0][0]
        store.close()
    return {
        "kills": KILLS,
        "sent_unarmed": unarmed,
        "on_their_way_when_killed": int(doubted),
        "sent_under_fire": first.total(),
        "left_to_a_person": len(doubtful),
        "sent_in_the_end": found.total(),
        "clients_with_two": sum(times > 1 for times in found.values()),
        "clients_with_none": count - len(found),
    }


def under_fire(webhook: str, place: Path) -> None:
    """Start the sender and kill it, time after time; the last one is killed too."""
    chance = random.Random(11)
    for _ in range(KILLS):
        arguments = [sys.executable, "-m", "benchmarks.robots_letters", webhook, str(place)]
        child = subprocess.Popen(arguments, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()  # it has begun
        time.sleep(chance.uniform(0.1, 2.0))
        child.kill()
        child.wait()


def waited(webhook: str, store: Store) -> None:
    """One more sender works until nothing is let go or leaving any more."""
    until = time.monotonic() + SETTLED
    last = worker(webhook, store, sends=True)
    while time.monotonic() < until:
        last.drain()
        open_still = (Release.APPROVED, Release.LEAVING)
        if not any(one.state in open_still for one in Outbox(store, PORTAL).waiting()):
            return
        time.sleep(1)


def send(webhook: str, place: Path) -> None:
    """The process that is killed."""
    at_work = worker(webhook, Store(place), sends=True)
    print("begun", flush=True)
    while True:
        at_work.once()
        time.sleep(0.05)


def worker(webhook: str, store: Store, *, sends: bool) -> Worker:
    """A worker of its own name; without `sends` neither it nor its portal lets anything leave."""
    clock = SystemClock()
    portal = cast(WatchedPortal, open_portal(Webhook.parse(webhook), clock, sends=sends))
    email = frozenset({Channel.EMAIL})
    posting = Posting(spec=FREE, sends=email, zone=UTC, users=lambda: [BOSS]) if sends else None
    duty = Duty(portal_id=PORTAL, portal=portal, decide=rules, posting=posting)
    return Worker(duty, store, clock, f"{fresh_name()}-{os.getpid()}", size=SIZE)


def rules(facts: CardFacts, _: datetime) -> Decision:
    """One letter to every lead."""
    key = f"bench/{facts.card.ref}/letter"
    values = {"channel": "email", "subject": "Новости", "text": "Здравствуйте!", "sender": "1"}
    action = Action(kind="message", key=key, card=facts.card.ref, values=values, reason=Reason("bench"))
    return Decision(() if key in facts.done else (action,))


def made(box: Sandbox, count: int) -> list[Ref]:
    """So many leads, each with an address of its own."""
    portal = open_portal(Webhook.parse(box.webhook_url), SystemClock())
    writes: list[Write] = [
        Create(
            f"made-{n}",
            Kind.LEAD,
            {
                "title": f"Клиент {n}",
                "stage": "NEW",
                "points": [{"kind": "email", "value": f"client{n}@example.org", "use": "work"}],
            },
        )
        for n in range(count)
    ]
    found = [Ref(Kind.LEAD, str(one.new_id)) for one in portal.perform(writes, lambda _: None)]
    portal.close()
    return found


if __name__ == "__main__":
    main()
