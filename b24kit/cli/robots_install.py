"""`robots address` and `robots verify`: the place at which a portal's events are heard, and what of it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from b24kit.cli.context import Desk, desk, fresh_secret
from b24kit.errors import UsageError

if TYPE_CHECKING:
    from b24kit.crm.portal import PortalFacts
    from b24kit.crm.subscription import Subscribing
    from b24kit.playbook.schema import Playbook
    from b24kit.robots.install import InstallDraft, Standing

SIGNS = {"there": "+", "heard": "+", "missing": "-", "deaf": "~", "unknown": "!"}

app = typer.Typer(help="Work that runs by itself.", no_args_is_help=True)


def install_draft(at: Desk, playbook: Playbook, facts: PortalFacts) -> InstallDraft:
    """What this playbook wants to stand on the portal, and the steps to get there."""
    from b24kit.robots.install import plan_install

    return plan_install(
        playbook.robots.install,
        cast("Subscribing", at.portal),
        at.portal.capabilities,
        facts,
        receiver=at.receiver.address is not None,
    )


@app.command("address")
def address(
    context: typer.Context,
    base: Annotated[str | None, typer.Option("--at", help="The public address, such as https://robots.my.ru.")] = None,
    token: Annotated[bool, typer.Option("--token", help="Ask for the token of a webhook made by hand.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Show the whole address: it is a password.")] = False,
) -> None:
    """The secret address at which this portal is heard; with --at it is made, and kept among the secrets."""
    with desk(context) as at:
        from b24kit.config.receiver import receiver_at
        from b24kit.config.secrets import keep_webhook, receiver_key
        from b24kit.crm.subscription import shown_address

        found = at.receiver
        if base is not None:
            found = receiver_at(base, found.secret or fresh_secret(), found.tokens)
        if token:
            if found.address is None:
                raise UsageError("robots_no_receiver")
            given = at.screen.ask_secret("robots.paste_token")
            root = found.address.rpartition("/hooks/")[0]
            found = receiver_at(root, found.secret, tuple(dict.fromkeys([*found.tokens, given])))
        if found.address is None:
            raise UsageError("robots_no_receiver")
        if base is not None or token:
            keep_webhook(receiver_key(at.profile.name), found.stored)
        shown = found.address if show else shown_address(found.address)
        if at.screen.as_json:
            at.screen.document("receiver", portal=at.profile.name, address=shown, tokens=len(found.tokens))
            return
        at.screen.say("robots.address", address=shown)
        at.screen.say("robots.tokens", n=len(found.tokens))
        if not show:
            at.screen.say("robots.show_hint")


@app.command("verify")
def verify(
    context: typer.Context,
    playbook: Annotated[str, typer.Argument(help="A playbook file, or the name of a shipped one.")],
    detailed_exitcode: Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 when anything lacks.")] = False,
) -> None:
    """Read the portal: what of the installation stands there, what lacks, what only traffic can prove."""
    with desk(context) as at:
        from b24kit.playbook.loader import load_playbook
        from b24kit.playbook.shipped import find_playbook
        from b24kit.robots.install import verify_install

        draft = install_draft(at, load_playbook(find_playbook(playbook)), at.portal.facts())
        standing = cast("Subscribing", at.portal).subscriptions()
        checked = verify_install(draft, standing, None)
        lacking = [one for one in checked if one.state in ("missing", "deaf")]
        if at.screen.as_json:
            rows = [{"sort": one.sort, "name": one.name, "state": one.state} for one in checked]
            at.screen.document("robots_verify", manner=draft.manner.value, standing=rows, lacking=len(lacking))
        else:
            say_standing(at, draft, checked, len(lacking))
        if detailed_exitcode and lacking:
            raise typer.Exit(2)


def say_standing(at: Desk, draft: InstallDraft, checked: list[Standing], lacking: int) -> None:
    """Each thing with its state, then one line that sums it up."""
    at.screen.say(f"robots.manner_{draft.manner.value}")
    for one in checked:
        sort = at.screen.text(f"subscription.{one.sort}")
        state = at.screen.text(f"robots.state_{one.state}", **one.facts)
        at.screen.sign(SIGNS[one.state], f"{sort} {one.name}: {state}")
    at.screen.say("robots.verify_bad" if lacking else "robots.verify_good", n=lacking or len(checked))
