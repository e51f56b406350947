"""`robots outbox`: messages to clients that have not left, let go or dropped by a person; and what arms a service."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from b24kit.cli.context import Desk, desk
from b24kit.cli.robots_desk import robots_store
from b24kit.errors import Refused, UsageError

if TYPE_CHECKING:
    from b24kit.robots.outbox import Message, Outbox
    from b24kit.robots.worker import Duty

SHOWN = 200
LONGEST = 400

app = typer.Typer(help="Messages to clients: look, let go, drop.", invoke_without_command=True)

Ids = Annotated[list[str] | None, typer.Argument(help="Messages by their ids in the list.")]
All = Annotated[bool, typer.Option("--all", help="All that wait.")]
StoreAt = Annotated[
    str | None, typer.Option("--store", envvar="B24KIT_ROBOTS_STORE", help="A file, or postgresql://... for several.")
]


@app.callback()
def outbox(context: typer.Context, store: StoreAt = None) -> None:
    """Messages to clients that have not left, and what holds each of them up."""
    if context.invoked_subcommand is not None:
        return
    with desk(context) as at, robots_store(at, store) as kept:
        from b24kit.robots.outbox import Outbox

        show(at, Outbox(kept, at.portal.facts().id).waiting())


@app.command("approve")
def approve(
    context: typer.Context,
    ids: Ids = None,
    every: All = False,
    confirm: Annotated[str, typer.Option("--confirm", help="The phrase for several at once, such as 'send 12'.")] = "",
    store: StoreAt = None,
) -> None:
    """Let messages go: they leave at the next armed run, if the rules still want them. Nothing calls a letter back."""
    with desk(context) as at, robots_store(at, store) as kept:
        from b24kit.robots.outbox import Outbox, Release

        box = Outbox(kept, at.portal.facts().id)
        free = (Release.WAITING, Release.REFUSED, Release.DOUBT)
        chosen = [one for one in _chosen(box, ids, every=every) if one.state in free]
        if not at.screen.as_json:
            show(at, chosen)
            at.screen.say("robots.post.final", n=len(chosen))
        if len(chosen) > 1:
            _ask(at, len(chosen), confirm)
        done = box.approve(chosen, at.clock.now())
        _tell(at, "approved", done)


@app.command("drop")
def drop(context: typer.Context, ids: Ids = None, every: All = False, store: StoreAt = None) -> None:
    """These shall never leave; their cards stay where they are."""
    with desk(context) as at, robots_store(at, store) as kept:
        from b24kit.robots.outbox import Outbox

        box = Outbox(kept, at.portal.facts().id)
        done = box.drop(_chosen(box, ids, every=every), at.clock.now())
        _tell(at, "dropped", done)


def check_sending(at: Desk, duties: Sequence[Duty], confirm: str) -> None:
    """Where playbooks let letters go without a person, somebody says once a start that he knows how many a day."""
    armed = [one.posting.spec for one in duties if one.posting is not None and not one.shadow]
    by_rule = [one.per_day for one in armed if one.approve == "rule"]
    if by_rule:
        _ask(at, sum(by_rule), confirm)


def show(at: Desk, messages: Sequence[Message]) -> None:
    """The whole text of each message: whoever lets it go has read it."""
    from b24kit.reports.tables import Table

    columns = tuple(f"column.{name}" for name in ("id", "card", "at", "channel", "state", "subject", "text"))
    rows = [
        (
            one.id,
            str(one.card),
            one.at,
            one.values.get("channel"),
            _state(at, one),
            one.values.get("subject") or "",
            str(one.values.get("text"))[: None if at.screen.as_json else LONGEST],
        )
        for one in messages
    ]
    at.screen.tables([Table("table.outbox", columns, rows)], "outbox", limit=SHOWN)


def phrase(count: int) -> dict[str, str]:
    """What is typed before so many messages are let go, by language."""
    return {"ru": f"отправить {count}", "en": f"send {count}"}


def _chosen(box: Outbox, ids: list[str] | None, *, every: bool) -> list[Message]:
    if every == bool(ids):
        raise UsageError("robots.which_messages")
    if every:
        return box.waiting()
    found = box.named(set(ids or ()))
    missing = sorted(set(ids or ()) - {one.id for one in found})
    if missing:
        raise UsageError("robots.no_message", ids=", ".join(missing))
    return found


def _ask(at: Desk, count: int, typed: str) -> None:
    wanted = {re.sub(r"\s", "", one) for one in phrase(count).values()}
    typed = typed or at.screen.ask("robots.post.ask", phrase=phrase(count)[at.lang])
    if re.sub(r"[\s,]", "", typed.casefold()) not in wanted:
        raise Refused("robots.not_confirmed", count=count)


def _state(at: Desk, one: Message) -> str:
    if at.screen.as_json:
        return f"{one.state.value}: {one.note}" if one.note else one.state.value
    said = at.screen.text(f"robots.release.{one.state.value}")
    return f"{said}: {at.screen.text(one.note)}" if one.note else said


def _tell(at: Desk, what: str, count: int) -> None:
    if at.screen.as_json:
        at.screen.document("outbox_changed", **{what: count})
    else:
        at.screen.say(f"robots.post.{what}", n=count)
