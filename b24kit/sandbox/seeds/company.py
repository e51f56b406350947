"""The generated company of the demo: an event organiser with thousands of stuck leads and the truth about every one.

Deterministic: the same number of leads and seed give the same people behind the same ids on any day, and at the same
portal time the same portal to the byte.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.seeds import cast as cast_of
from b24kit.sandbox.seeds import directories, organiser, pile
from b24kit.sandbox.seeds.belongings import plant_belongings
from b24kit.sandbox.seeds.cast import Cast
from b24kit.sandbox.seeds.doubles import plant_doubles


def plant_company(
    portal: FakePortal, leads: int = 5000, seed: int = 7, *, belongings: bool = False, doubles: int = 0
) -> dict[str, Any]:
    """Plant the whole company with exactly `leads` open leads; gives a summary and the `truth`.

    `belongings` hangs on the leads what people and clients have left there: files, comments, calls, product rows...
    `doubles`: so many of the known clients are written down a second time (and a fifth as many of the companies).
    """
    chance = Random(seed)
    organiser.plant_people(portal)
    organiser.plant_stages(portal)
    directories.plant_opt_out(portal)
    cast = cast_of.gather(chance, leads)
    directories.plant_clients(portal, chance, cast)
    directories.plant_deals(portal, chance, cast.known, leads)
    truth = pile.plant_pile(portal, chance, cast, leads)
    hung = {"belongings": plant_belongings(portal, seed)} if belongings else {}
    known = {"leads": truth, **_people(cast)}
    if doubles:
        known["doubles"] = plant_doubles(portal, Random(f"doubles {seed}"), cast, doubles)
    return {"kind": "company", "seed": seed, **hung, **summary(portal), "truth": known}


def summary(portal: FakePortal) -> dict[str, Any]:
    """How many rows of each kind there are, and how the leads stand."""
    stages = Counter(row["STATUS_ID"] for _, row in portal.store["lead"])
    kinds = ("lead", "contact", "company", "deal", "activity", "task", "user")
    return {"rows": {kind: len(portal.store[kind]) for kind in kinds}, "stages": dict(sorted(stages.items()))}


def _people(cast: Cast) -> dict[str, Any]:
    people = {
        one.key: {
            "name": f"{one.name.surname} {one.name.given} {one.name.patronymic}",
            "addresses": one.addresses,
            "phone": one.phone,
            "company": one.firm.key if one.firm else None,
            "contact_id": one.known_id,
            "deals": [deal.id for deal in one.deals],
            "opted_out": one.opted_out,
            "refused_on_lead": one.refused_on_lead,
            "card": one.card,
            "shares_box": one.shares_box,
        }
        for one in cast.known + cast.newcomers
    }
    firms = {
        one.key: {"title": one.title, "domain": one.domain, "company_id": one.known_id}
        for one in cast.firms + cast.foreign_firms
    }
    return {"persons": people, "companies": firms}
