"""Before, ours, now: which fields go back, which a person has changed since, and how references follow new ids."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from b24kit.change.runs import RunInfo
from b24kit.crm.records import agrees, comparable, same
from b24kit.crm.refs import CARDS, Kind, Ref

_LINKS = {"contact": Kind.CONTACT, "company": Kind.COMPANY, "companies": Kind.COMPANY, "lead": Kind.LEAD}
_SLACK = timedelta(seconds=60)  # the portal may note the last activity a moment after our own write


def taken_back(
    now: Mapping[str, Any], before: Mapping[str, Any], ours: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The fields to write so that our change is gone, and those a person changed since and keeps.

    >>> taken_back({"stage": "B", "owner": "9"}, {"stage": "A", "owner": "1"}, {"stage": "B", "owner": "2"})
    ({'stage': 'A'}, ['owner'])

    Of `extra`, which holds many fields of the vendor, and of the sections of a card's view only those that we wrote are
    looked at, each for itself.

    >>> taken_back({"extra": {"A": "1", "B": "x"}}, {"extra": {"B": "y"}}, {"extra": {"A": "1", "B": "z"}})
    ({'extra': {'A': None}}, ['B'])
    """
    back: dict[str, Any] = {}
    kept: list[str] = []
    for name, wrote in ours.items():
        present, old = now.get(name), before.get(name)
        if name in ("extra", "sections"):
            parts, theirs = taken_back(present or {}, old or {}, wrote or {})
            back |= {name: parts} if parts else {}
            kept += theirs if name == "extra" else [name] if theirs else []
            continue
        if agrees(name, present, old):
            continue
        if agrees(name, present, wrote):
            back[name] = old
        elif name == "points":
            kept.append(name)
            merged = _points_back(present or [], old or [], wrote or [])
            if not same(name, merged, present):
                back[name] = merged
        else:
            kept.append(name)
    return back, kept


def edited(
    ref: Ref, now: Mapping[str, Any], ours: Mapping[str, Any], run: RunInfo, until: datetime
) -> tuple[str, ...] | None:
    """What shows that people have touched a thing we made, None when nothing does. `until` is the run's last moment."""
    if ref.kind not in CARDS:
        return None if agrees("name", now.get("name"), ours.get("name")) else ("name",)
    # What no record names (observers, a contact's lead) cannot be told from what was written.
    told = {name: wrote for name, wrote in ours.items() if name != "origin" and name in now}
    fields = [name for name, wrote in told.items() if not agrees(name, now.get(name), wrote)]
    fields += [name for name in ("points", "comment") if name not in ours and now.get(name)]
    if now.get("changed_by") not in (None, run.user, now.get("created_by")):
        fields.append("changed_by")
    last = now.get("last_activity")
    if last and datetime.fromisoformat(last) > until + _SLACK:
        fields.append("last_activity")
    return tuple(fields) or None


def relinked(values: Mapping[str, Any], again: Mapping[Ref, Ref]) -> dict[str, Any]:
    """Values that speak of a removed card speak of the one made in its place."""
    if not again:
        return dict(values)
    return {name: _relinked(name, value, again) for name, value in values.items()}


def _relinked(name: str, value: Any, again: Mapping[Ref, Ref]) -> Any:
    if name == "card" and isinstance(value, str):
        found = again.get(Ref.parse(value))
        return value if found is None else str(found)
    kind = _LINKS.get(name)
    if kind is None or not value:
        return value
    if isinstance(value, list | tuple):
        return [_relinked(name, item, again) for item in value]
    found = again.get(Ref(kind, str(value)))
    return value if found is None else found.id


def _points_back(present: list[Any], old: list[Any], wrote: list[Any]) -> list[Any]:
    """Points without those we added, with those we took away; what a person added stays."""
    was, did = _known(old), _known(wrote)
    kept = [point for point in present if _point(point) not in did - was]
    there = _known(kept)
    return kept + [point for point in old if _point(point) not in did and _point(point) not in there]


def _known(points: list[Any]) -> set[tuple[str, ...]]:
    return {_point(point) for point in points}


def _point(point: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(comparable("points", [point])[0])
