"""`robots`: the runtime that gives leads their owner and keeps deadlines, as a service or from cron, and its tools."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from b24kit.cli.context import Desk, desk, fresh_name
from b24kit.cli.robots_desk import Post, door_of, hook_secrets, lives_of, parse_also, posts, robots_store, start_log
from b24kit.cli.robots_outbox import check_sending
from b24kit.cli.robots_payments import drawer_of
from b24kit.cli.runs import parse_days
from b24kit.errors import UsageError

if TYPE_CHECKING:
    from b24kit.crm.refs import Ref
    from b24kit.robots.facts import CardFacts
    from b24kit.robots.server import Door
    from b24kit.robots.service import Service
    from b24kit.robots.store import Store

SHOWN = 200
PART = 500
UNDONE = 3

app = typer.Typer(help="Robots: owners, deadlines, attempts; as a service or from cron.", no_args_is_help=True)

Playbook = Annotated[str, typer.Argument(help="A playbook file, or the name of a shipped one.")]
StoreAt = Annotated[
    str | None, typer.Option("--store", envvar="B24KIT_ROBOTS_STORE", help="A file, or postgresql://... for several.")
]
Shadow = Annotated[bool, typer.Option("--shadow", help="Decide and write down, but change nothing on the portal.")]
Send = Annotated[bool, typer.Option("--send", help="Messages to clients may leave; the playbook must be armed too.")]
Confirm = Annotated[str, typer.Option("--confirm", help="The phrase for letters without a person: 'send 50'.")]
Also = Annotated[list[str] | None, typer.Option("--also", help="One more portal: NAME=PLAYBOOK. May be repeated.")]


@app.command("serve")
def serve(
    context: typer.Context,
    playbook: Playbook,
    host: Annotated[str, typer.Option("--host", help="Where the receiver listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Its port.")] = 8624,
    token: Annotated[
        list[str] | None, typer.Option("--token", help="The portal's application token; remembered.")
    ] = None,
    sweep_every: Annotated[int, typer.Option("--sweep-every", min=1, help="Minutes between two sweeps.")] = 5,
    store: StoreAt = None,
    also: Also = None,
    shadow: Shadow = False,
    send: Send = False,
    confirm: Confirm = "",
) -> None:
    """Receive events, decide and act until stopped (Ctrl+C, SIGTERM). What is under way is brought to its end."""
    with desk(context) as at, robots_store(at, store) as kept:
        from b24kit.cli.serving import Receiving, run_service
        from b24kit.robots.service import Service

        start_log()
        wanted = parse_also(playbook, also or [])
        stopping = threading.Event()
        with posts(at, wanted, kept, shadow=shadow, sends=send, stopping=stopping.is_set) as found:
            _say_final(at, found, playbook, shadow=shadow)
            duties = [post.duty for post in found]
            check_sending(at, duties, confirm)
            every = timedelta(minutes=sweep_every)
            lives = lives_of(at, store)
            service = Service(duties, kept, at.clock, fresh_name(), sweep_every=every, stopping=stopping, lives=lives)
            doors = [door for post in found if (door := _door(at, post, token or [])) is not None]
            drawers = [drawer for post in found if (drawer := drawer_of(at, post)) is not None]
            run_service(at, service, kept, Receiving(host, port, tuple(doors), tuple(drawers)))


@app.command("run")
def run(
    context: typer.Context,
    playbook: Playbook,
    once: Annotated[bool, typer.Option("--once", help="One sweep and all due work, then end: for cron.")] = False,
    store: StoreAt = None,
    also: Also = None,
    shadow: Shadow = False,
    send: Send = False,
    confirm: Confirm = "",
) -> None:
    """The same work without a receiver: what changed is asked for, no public address is needed."""
    with desk(context) as at, robots_store(at, store) as kept:
        from b24kit.robots.service import Service

        start_log()
        wanted = parse_also(playbook, also or [])
        stopping = threading.Event()
        with posts(at, wanted, kept, shadow=shadow, sends=send, stopping=stopping.is_set) as found:
            _say_final(at, found, playbook, shadow=shadow)
            duties = [post.duty for post in found]
            check_sending(at, duties, confirm)
            service = Service(duties, kept, at.clock, fresh_name(), stopping=stopping, lives=lives_of(at, store))
            if not once:
                from b24kit.cli.serving import Receiving, run_service

                run_service(at, service, kept, Receiving("", 0, ()))
                return
            swept = service.once()
            _say_once(at, kept, service, {name: one.found for name, one in swept.items()})


@app.command("status")
def status(context: typer.Context, store: StoreAt = None) -> None:
    """How many cards are due, wait for a deadline, are at work or were given up."""
    with desk(context) as at, robots_store(at, store) as kept:
        from b24kit.cli.robots_telling import heap_document, say_heap
        from b24kit.reports.wording import moment_text
        from b24kit.robots.backlog import outlook

        portal_id = at.portal.facts().id
        counts = kept.counts(portal_id, at.clock.now())
        swept = kept.cursor(portal_id, "sweep")
        heap = outlook(at.portal, kept, portal_id, at.clock.now())
        if at.screen.as_json:
            told = heap_document(heap, at.clock.now())
            at.screen.document("robots_status", portal=portal_id, swept=swept, **counts, backlog=told)
            return
        at.screen.say("robots.status", portal=portal_id, **{name: _rounded(value) for name, value in counts.items()})
        when = moment_text(datetime.fromisoformat(swept), at.lang) if swept else ""
        at.screen.say("robots.swept" if swept else "robots.never_swept", at=when)
        say_heap(at, heap)


@app.command("dead")
def dead(context: typer.Context, store: StoreAt = None) -> None:
    """Cards that robots gave up on, and why."""
    with desk(context) as at, robots_store(at, store) as kept:
        from b24kit.reports.tables import Table
        from b24kit.reports.wording import moment_text

        letters = kept.dead(at.portal.facts().id)
        if not letters and not at.screen.as_json:
            at.screen.say("robots.no_dead")
            return
        columns = tuple(f"column.{name}" for name in ("card", "at", "why", "said", "tries"))
        rows = [
            (
                str(one.card),
                one.at if at.screen.as_json else moment_text(one.at, at.lang),
                one.code,
                one.said,
                one.tries,
            )
            for one in letters
        ]
        at.screen.tables([Table("table.dead", columns, rows)], "dead", limit=SHOWN)


@app.command("retry")
def retry(
    context: typer.Context,
    cards: Annotated[list[str] | None, typer.Argument(help="Cards, for example lead:812; default: all.")] = None,
    store: StoreAt = None,
) -> None:
    """Try cards that were given up once more."""
    with desk(context) as at, robots_store(at, store) as kept:
        chosen = {parse_card(card) for card in cards} if cards else None
        count = kept.retry(at.portal.facts().id, chosen, at.clock.now())
        if at.screen.as_json:
            at.screen.document("retry", cards=count)
        else:
            at.screen.say("robots.retried", n=count)


@app.command("explain")
def explain(
    context: typer.Context,
    playbook: Playbook,
    card: Annotated[str, typer.Argument(help="A card, for example lead:812.")],
    store: StoreAt = None,
) -> None:
    """Why this owner, this deadline, this step: what the rules say of a card as it is now. Nothing is written."""
    with desk(context) as at, robots_store(at, store) as kept:
        from b24kit.cli.robots_telling import say_decision

        ref = parse_card(card)
        with posts(at, {None: playbook}, kept, fixed_turns=True) as (post,):
            misnamed: dict[Ref, Ref] = {}
            facts = _facts(kept, post, ref, misnamed)
            if (right := misnamed.get(ref)) is not None:  # a lead of the vendor's may be a deal of ours
                facts = _facts(kept, post, right)
            if facts is None:
                raise UsageError("robots.no_card", card=str(ref))
            now = at.clock.now()
            say_decision(at, facts, post.duty.decide(facts, now), now, post.portal)


@app.command("replay")
def replay(
    context: typer.Context,
    playbook: Playbook,
    since: Annotated[str, typer.Option("--since", help="How far back, for example 30d.")] = "30d",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many cards.")] = None,
) -> None:
    """Run the rules over cards of the last days and show what would have been different. Nothing is written."""
    with desk(context) as at:
        import tempfile
        from pathlib import Path

        from b24kit.cli.robots_telling import say_replay
        from b24kit.robots.replay import replayed
        from b24kit.robots.store import Store

        days = parse_days(since)
        with tempfile.TemporaryDirectory() as folder:
            kept = Store(Path(folder) / "robots.sqlite")  # whose turn it was is dealt anew, and forgotten
            with posts(at, {None: playbook}, kept) as (post,):
                now = at.clock.now()
                facts = _of_last_days(post, now - timedelta(days=days), limit)
                say_replay(at, list(replayed(facts.values(), post.duty.decide, now)), days, post.portal)
            kept.close()


def parse_card(card: str) -> Ref:
    """`lead:812`, or `812` for a lead."""
    from b24kit.crm.refs import Ref
    from b24kit.crm.watch import WATCHED

    try:
        found = Ref.parse(card if ":" in card else f"lead:{card}")
    except ValueError:
        raise UsageError("cli.bad_card", card=card) from None
    if found.kind not in WATCHED:
        raise UsageError("cli.bad_card", card=card)
    return found


def _of_last_days(post: Post, since: datetime, limit: int | None) -> dict[Ref, CardFacts]:
    """Facts of the leads and deals created since, without anything that robots have done to them."""
    import itertools

    from b24kit.crm.portal import Where
    from b24kit.robots.gather import gather

    where = Where(changed_since=since)
    portal = post.duty.portal
    leads = (lead.ref for lead in portal.leads(where) if lead.created is not None and lead.created >= since)
    deals = (deal.ref for deal in portal.deals(where) if deal.created is not None and deal.created >= since)
    chosen = list(itertools.islice(itertools.chain(leads, deals), limit))
    found: dict[Ref, CardFacts] = {}
    for part in range(0, len(chosen), PART):
        found |= gather(portal, chosen[part : part + PART], {})
    return found


def _facts(kept: Store, post: Post, ref: Ref, misnamed: dict[Ref, Ref] | None = None) -> CardFacts | None:
    """What rules would see of one card, payments included; None for one that is gone or has another name here."""
    from b24kit.robots.gather import gather
    from b24kit.robots.ledger import Ledger
    from b24kit.robots.payments import Payments

    done = Ledger(kept, post.duty.portal_id).done([ref])
    found = gather(post.duty.portal, [ref], done, misnamed)
    return Payments(kept, post.duty.portal_id).with_facts(found).get(ref)


def _door(at: Desk, post: Post, tokens: list[str]) -> Door | None:
    """The door of a portal, and where its address is: told once a start, never its secret into a log."""
    secrets = hook_secrets(at, post.profile, tokens)
    door = door_of(at, post, secrets)
    if not at.screen.as_json:
        heard = door is not None and (post.profile.vendor == "amocrm" or bool(secrets.tokens))
        at.screen.say("robots.door" if heard else "robots.polled", portal=post.profile.name)
    return door


def _say_final(at: Desk, found: list[Post], playbook: str, *, shadow: bool) -> None:
    """Before the start: taking in and turning down what waits in the unsorted is final."""
    from b24kit.playbook.loader import load_playbook
    from b24kit.playbook.shipped import find_playbook

    routing = load_playbook(find_playbook(playbook)).routing
    waits = any(post.portal.capabilities.keeps_incoming for post in found)
    if waits and routing is not None and routing.take_in and not shadow and not at.screen.as_json:
        at.screen.say("robots.takes_in")


def _say_once(at: Desk, kept: Store, service: Service, swept: dict[str, int]) -> None:
    """What one run came to, and exit 3 when something failed."""
    failed = 0
    for portal_id, found in swept.items():
        counts = kept.counts(portal_id, at.clock.now())
        done = {
            "cards": service.metrics.total("b24kit_cards_total", portal=portal_id),
            "actions": service.metrics.total("b24kit_actions_total", portal=portal_id, state="done"),
            "errors": service.metrics.total("b24kit_errors_total", portal=portal_id),
        }
        whole = {name: int(value) for name, value in done.items()}
        failed += whole["errors"]
        if at.screen.as_json:
            at.screen.document("robots_run", portal=portal_id, found=found, **whole, **counts)
        else:
            told = {name: _rounded(value) for name, value in counts.items()}
            at.screen.say("robots.ran", portal=portal_id, found=found, **whole, **told)
    if failed:
        raise typer.Exit(UNDONE)


def _rounded(value: float) -> int:
    return round(value)
