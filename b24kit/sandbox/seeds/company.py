"""The generated company of the demo: an event organiser with thousands of stuck leads and the truth about every one.

Deterministic: the same number of leads and seed give the same people behind the same ids on any day, and at the same
portal time the same portal to the byte.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from b24kit.sandbox.seeds import cast as cast_of
from b24kit.sandbox.seeds import directories, pile
from b24kit.sandbox.seeds.cast import Cast
from b24kit.sandbox.seeds.planter import Planter

# What was planted beside the company, as facts of the summary and as parts of the truth.
More = Callable[[Cast], tuple[dict[str, Any], dict[str, Any]]]


def plant_company(planter: Planter, leads: int = 5000, seed: int = 7, more: More | None = None) -> dict[str, Any]:
    """Plant the whole company with exactly `leads` open leads; gives a summary and the `truth`.

    `more` plants what only one vendor's planter can, after everything else: people, letters and ids stay the same.
    """
    chance = Random(seed)
    planter.walls()
    planter.opt_out()
    cast = cast_of.gather(chance, leads)
    directories.plant_clients(planter, chance, cast)
    directories.plant_deals(planter, chance, cast.known, leads)
    truth = pile.plant_pile(planter, chance, cast, leads)
    told, known = more(cast) if more is not None else ({}, {})
    known = {"leads": truth, **_people(cast), **known}
    return {"kind": "company", "seed": seed, **told, **planter.summary(), "truth": known}


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
