"""`robots address` and `robots verify`: the place at which a portal's events are heard, and what of it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from b24kit.cli.context import Desk, desk
from b24kit.cli.robots_desk import hook_secrets
from b24kit.errors import UsageError

if TYPE_CHECKING:
    from b24kit.change.operation import Reason
    from b24kit.crm.portal import PortalFacts
    from b24kit.crm.subscription import Subscribing
    from b24kit.playbook.schema import Playbook
    from b24kit.robots.install import InstallDraft, Standing

_NAMED = 6  # stages named in one line
SIGNS = {
    "there": "+", "heard": "+", "missing": "-", "deaf": "~", "off": "-", "unknown": "!", "by_hand": "!", "bare": "!",
}  # fmt: skip


def install_draft(at: Desk, playbook: Playbook, facts: PortalFacts) -> InstallDraft:
    """What this playbook wants to stand on the portal, and the steps to get there."""
    from dataclasses import replace

    from b24kit.change.operation import CreateRecord
    from b24kit.playbook.card_layout import draft_layout
    from b24kit.playbook.robot_fields import draft_fields
    from b24kit.robots.install import plan_install

    draft = plan_install(
        playbook.robots.install,
        cast("Subscribing", at.portal),
        at.portal.capabilities,
        facts,
        receiver=at.receiver.address is not None,
    )
    fields = draft_fields(playbook, at.portal)
    layout = draft_layout(playbook, at.portal, facts, fields)
    return replace(
        draft,
        operations=(*fields.operations, *layout.operations, *draft.operations),
        steps=(*draft.steps, *layout.steps, *fields.steps),
        notes=(*draft.notes, *fields.notes, *layout.notes, *stage_notes(playbook, at)),
        fields=tuple(str(one.values["label"]) for one in fields.operations if isinstance(one, CreateRecord)),
        views=layout.views,
    )


def stage_notes(playbook: Playbook, at: Desk) -> list[Reason]:
    """What to do first where the portal has not the playbook's stages yet."""
    from b24kit.change.operation import Reason
    from b24kit.playbook.missing_stages import missing_stages

    found = missing_stages(playbook, at.portal)
    if not found:
        return []
    listed = ", ".join(f"«{one}»" for one in found[:_NAMED]) + (", …" if len(found) > _NAMED else "")
    return [Reason("robots.no_stages", {"n": len(found), "list": listed, "playbook": playbook.name})]


def address(
    context: typer.Context,
    base: Annotated[str | None, typer.Option("--at", help="The public address, such as https://robots.my.ru.")] = None,
    token: Annotated[bool, typer.Option("--token", help="Ask for the token of a webhook made by hand.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Show the whole address: it is a password.")] = False,
) -> None:
    """The secret address at which this portal is heard; with --at it is made, and kept among the secrets."""
    with desk(context) as at:
        from b24kit.config.receiver import checked_base, checked_token, find_receiver, keep_base
        from b24kit.crm.subscription import shown_address

        if base is not None:
            keep_base(at.profile.name, at.profile.host, checked_base(base))
            hook_secrets(at, at.profile)
        if token:
            if at.receiver.address is None and base is None:
                raise UsageError("robots_no_receiver")
            hook_secrets(at, at.profile, [checked_token(at.screen.ask_secret("robots.paste_token"))])
        found = find_receiver(at.profile.name, at.settings.folder, at.profile.host)
        if found.address is None:
            raise UsageError("robots_no_receiver")
        shown, tokens = (found.address if show else shown_address(found.address)), len(found.secrets.tokens)
        if at.screen.as_json:
            at.screen.document("receiver", portal=at.profile.name, address=shown, tokens=tokens)
            return
        at.screen.say("robots.address", address=shown)
        at.screen.say("robots.tokens", n=tokens)
        if not show:
            at.screen.say("robots.show_hint")


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

        facts = at.portal.facts()
        draft = install_draft(at, load_playbook(find_playbook(playbook)), facts)
        standing = cast("Subscribing", at.portal).subscriptions()
        checked = verify_install(draft, standing, last_heard(at, facts.id))
        lacking = [one for one in checked if one.state in ("missing", "deaf", "off")]
        if at.screen.as_json:
            rows = [{"sort": one.sort, "name": one.name, "state": one.state} for one in checked]
            at.screen.document("robots_verify", manner=draft.manner.value, standing=rows, lacking=len(lacking))
        else:
            say_standing(at, draft, checked, len(lacking))
        if detailed_exitcode and lacking:
            raise typer.Exit(2)


def last_heard(at: Desk, portal_id: str) -> str | None:
    """When the receiver last stored a message of this portal, by its own store; None when none ever came."""
    from b24kit.cli.robots_desk import robots_store
    from b24kit.robots.server import HEARD

    if not (at.settings.runs_dir / "robots.sqlite").exists():
        return None
    with robots_store(at, None) as kept:
        return kept.cursor(portal_id, HEARD)


def say_standing(at: Desk, draft: InstallDraft, checked: list[Standing], lacking: int) -> None:
    """Each thing with its state, then one line that sums it up."""
    at.screen.say(f"robots.manner_{draft.manner.value}")
    for one in checked:
        state = at.screen.text(f"robots.state_{one.state}", **one.facts)
        at.screen.sign(SIGNS[one.state], f"{_standing_name(at, one)}: {state}")
    stands = sum(one.state in ("there", "heard") for one in checked)
    at.screen.say("robots.verify_bad" if lacking else "robots.verify_good", n=lacking or stands)
    by_hand = sum(one.state in ("unknown", "by_hand") for one in checked)
    if by_hand:
        at.screen.say("robots.verify_by_hand", n=by_hand)
    for note in draft.notes:
        if note.code == "robots.no_stages":
            at.screen.say(note.code, **note.facts)


def _standing_name(at: Desk, one: Standing) -> str:
    """What people call it: a step by its sentence, a webhook without its own code."""
    from b24kit.i18n import has

    code = f"robots.standing.{one.name}"
    if one.sort == "step" and has(code, at.lang):
        return at.screen.text(code)
    sort = at.screen.text(f"subscription.{one.sort}")
    return sort if one.name == one.sort else f"{sort} {one.name}"
