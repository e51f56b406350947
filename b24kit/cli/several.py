"""`plan` for several portals from one playbook: what each does, does otherwise and cannot, and a plan file for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from b24kit.cli.context import Desk, Interrupted
from b24kit.i18n import speak_of

if TYPE_CHECKING:
    from b24kit.playbook.abilities import Ability

SIGNS = {"can": "+", "otherwise": "~", "cannot": "="}


@contextmanager
def desks(at: Desk, names: Sequence[str]) -> Iterator[list[Desk]]:
    """A desk for each portal of the folder, by name; all are closed afterwards."""
    found = [Desk(replace(at.options, portal=name, portals=(name,)), at.clock) for name in dict.fromkeys(names)]
    try:
        for one in found:
            _ = one.profile  # a name that is not known stops before anything is read
        yield found
    except KeyboardInterrupt:
        raise Interrupted from None
    finally:
        for one in found:
            one.close()


def each_portal(at: Desk, names: Sequence[str], playbook: str, plan_one: Callable[[Desk], dict[str, Any]]) -> None:
    """Tell the abilities of each portal, and let `plan_one` plan on it; as one document where a machine reads."""
    with desks(at, names) as found:
        told = []
        for one in found:
            speak_of(one.profile.vendor)
            able = abilities_of(one, playbook)
            if not at.screen.as_json:
                show_abilities(one, able)
            document = plan_one(one)
            rows = [{"code": item.code, "way": item.way.value, "facts": dict(item.facts)} for item in able]
            told.append({"portal": one.profile.name, "abilities": rows, **document})
            at.screen.line()
        if at.screen.as_json:
            at.screen.document("plans", portals=told)


def abilities_of(at: Desk, playbook: str) -> list[Ability]:
    """What this desk's portal does of a playbook."""
    from b24kit.playbook.abilities import abilities
    from b24kit.playbook.loader import load_playbook
    from b24kit.playbook.shipped import find_playbook

    return abilities(load_playbook(find_playbook(playbook)), at.portal.capabilities, at.lang)


def show_abilities(at: Desk, found: Sequence[Ability]) -> None:
    """The whole list, what the portal does as written first."""
    at.screen.say("ability.heading", portal=f"{at.profile.name} ({at.profile.host})")
    for way in SIGNS:
        for one in found:
            if one.way.value == way:
                at.screen.sign(
                    SIGNS[way], f"{at.screen.text(f'ability.{way}')}: {at.screen.text(one.code, **one.facts)}"
                )


def short_list(at: Desk, found: Sequence[Ability]) -> None:
    """What this portal does otherwise or cannot, a line each; nothing where all is as written."""
    told = [one for one in found if one.way.value != "can"]
    if told:
        at.screen.say("ability.short")
    for one in told:
        at.screen.sign(SIGNS[one.way.value], at.screen.text(one.code, **one.facts))


def file_of(out: Path, name: str) -> Path:
    """Where the plan of one portal is saved: plan.b24 of the portal main is plan-main.b24.

    >>> file_of(Path("plan.b24"), "main").name
    'plan-main.b24'
    """
    return out.with_name(f"{out.stem}-{name}{out.suffix}")
