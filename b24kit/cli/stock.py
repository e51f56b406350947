"""Taking stock round a run: what hangs on its cards before the first write, the same afterwards, and the comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from b24kit.cli.context import Desk
from b24kit.errors import PortalError, Unsettled

if TYPE_CHECKING:
    from b24kit.change.inventory import Inventory
    from b24kit.change.plan import Plan
    from b24kit.change.runs import Run
    from b24kit.reports.belongings import Belongings

_CONSENT = "consent:"
TRIES = 3


def count_before(at: Desk, plan: Plan) -> None:
    """List what hangs on the cards of a plan, once, before its first write; a way back is proven by its own run."""
    from b24kit.change.inventory import Inventory

    if plan.undoes is not None or at.runs.of_plan(plan.id) is not None:
        return
    inventory = Inventory(at.runs.inventory(plan.id))
    try:
        with at.screen.progress("progress.reading"):
            take_patiently(at, inventory, plan)
        if not inventory.taken and not at.screen.as_json:
            at.screen.say("proof.not_taken")
    finally:
        inventory.close()


def take_patiently(at: Desk, inventory: Inventory, plan: Plan) -> None:
    """A portal that breaks off answers is asked again; the proof is no reason to give the run up."""
    for _ in range(TRIES):
        try:
            inventory.take_before(at.portal, plan, consent_fields(plan))
        except Unsettled:
            continue
        return


def count_after(at: Desk, run: Run) -> Belongings | None:
    """List again and compare; None when nothing was listed before the run."""
    from b24kit.change.inventory import Inventory
    from b24kit.reports.belongings import belongings_of

    plan = run.plan
    path = at.runs.inventory(plan.id)
    if not path.is_file():
        return None
    inventory = Inventory(path)
    backup = at.runs.backups.find(plan.id)
    try:
        if not inventory.taken:
            return None
        last = run.journal.last()
        ids = {key: entry.new_id for key, entry in last.items() if entry.new_id is not None}
        met_gone = {key for key, entry in last.items() if entry.code == "change.conflict.gone"}
        taken_away = {str(one.target) for one in plan.operations if one.key in met_gone}
        inventory.take_copy(backup)
        inventory.take_after(at.portal, plan, ids, consent_fields(plan), taken_away)
        return belongings_of(inventory, clients_of(plan, ids))
    finally:
        inventory.close()
        if backup is not None:
            backup.close()


def stock_after(at: Desk, run_id: str) -> Belongings | None:
    """As `count_after`, right after a run; a portal that went away just now leaves the comparison to `report`."""
    run = at.runs.open(run_id)
    try:
        return count_after(at, run)
    except (PortalError, Unsettled):
        return None
    finally:
        run.close()


def say_stock(at: Desk, found: Belongings) -> None:
    """Where everything is, for people."""
    from b24kit.cli.runs import ALL

    if not found.fates:
        return  # a run without cards, such as fields and a webhook
    at.screen.tables([found.table()], "belongings", limit=ALL)
    say_missing(at, found)


def say_missing(at: Desk, found: Belongings) -> None:
    """What is lost, in red, one line each."""
    for one in found.missing:
        part = at.screen.text(f"part.{one.part}")
        at.screen.sign("-", at.screen.text("proof.missing_row", part=part, id=one.id, card=one.card))


def consent_fields(plan: Plan) -> list[str]:
    """The fields of refusals that the plan's playbook names."""
    return [name for ref, name in plan.names.items() if ref.startswith(_CONSENT)]


def consent_names(fields: tuple[str, ...]) -> dict[str, str]:
    """The same as a plan carries them."""
    return {f"{_CONSENT}{name}": name for name in fields}


def clients_of(plan: Plan, ids: dict[str, str]) -> dict[str, str]:
    """The card that each lead became, and the one that each merged card became, by reference."""
    from b24kit.change.merging import MergeRecords

    merges = [one for one in plan.operations if isinstance(one, MergeRecords)]
    found = {str(loser): str(one.survivor) for one in merges for loser in one.losers}
    for lead, client in plan.assignment.items():
        kind, _, card = client.partition(":")
        found[f"lead:{lead}"] = f"{kind}:{ids.get(card.removeprefix('new:'), card)}"
    return found
