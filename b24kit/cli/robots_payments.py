"""`robots payments`: what a bank or 1C told of money, where it went, and the address and key for telling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from b24kit.cli.context import Desk, desk, fresh_secret
from b24kit.cli.robots_desk import Post, robots_store

if TYPE_CHECKING:
    from datetime import datetime

    from b24kit.crm.refs import Ref
    from b24kit.robots.payments import Told
    from b24kit.robots.till import Drawer

SHOWN = 200

app = typer.Typer(help="Payments that the receiver was told of.", invoke_without_command=True)

StoreAt = Annotated[
    str | None, typer.Option("--store", envvar="B24KIT_ROBOTS_STORE", help="A file, or postgresql://... for several.")
]


@app.callback()
def payments(context: typer.Context, store: StoreAt = None) -> None:
    """Payments, the newest first, each with its card or what is wrong with it."""
    if context.invoked_subcommand is not None:
        return
    with desk(context) as at, robots_store(at, store) as kept:
        from b24kit.reports.tables import Table
        from b24kit.robots.payments import Payments

        told = Payments(kept, at.portal.facts().id).listed()
        cards = {one.card for one, _, _ in told if one.card is not None}
        there = set(at.portal.read(cards)) if cards else set()
        columns = tuple(f"column.{name}" for name in ("id", "at", "amount", "currency", "number", "card", "state"))
        rows = [(*_row(one, heard), _state(at, one, there, sought=sought)) for one, heard, sought in told]
        at.screen.tables([Table("table.payments", columns, rows)], "payments", limit=SHOWN)


@app.command("key")
def key(
    context: typer.Context,
    show: Annotated[bool, typer.Option("--show", help="Show the address and the key: they are passwords.")] = False,
) -> None:
    """The address at which payments are heard and the key that signs them; made at the first asking."""
    with desk(context) as at:
        from b24kit.config.till_secrets import TillSecrets, find_till, keep_till

        found = find_till(at.profile.name, at.settings.folder, at.profile.host)
        if found is None:
            found = TillSecrets(fresh_secret(), fresh_secret())
            keep_till(at.profile.name, at.profile.host, found)
        base = at.receiver.base or "https://your.host"
        told = (f"{base}/payments/{found.path}", found.key) if show else (f"{base}/payments/***", "***")
        if at.screen.as_json:
            at.screen.document("till", portal=at.profile.name, address=told[0], key=told[1])
            return
        at.screen.say("robots.payments.address", address=told[0], key=told[1])
        if not show:
            at.screen.say("robots.show_hint")


def drawer_of(at: Desk, post: Post) -> Drawer | None:
    """Where this portal is told of payments, None while no address for them was made."""
    from b24kit.config.till_secrets import find_till
    from b24kit.robots.till import Drawer

    found = find_till(post.profile.name, at.settings.folder, post.profile.host)
    return None if found is None else Drawer(post.duty.portal_id, found.path, found.key)


def _row(told: Told, heard: datetime) -> tuple[object, ...]:
    paid = told.payment
    return paid.id, heard, paid.amount, paid.currency, told.number, str(told.card or "")


def _state(at: Desk, told: Told, there: set[Ref], *, sought: bool) -> str:
    state = "sought" if sought else "lost"
    if told.card is not None:
        state = "placed" if told.card in there else "gone"
    return state if at.screen.as_json else at.screen.text(f"robots.payments.{state}")
