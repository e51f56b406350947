"""A client's doubles into one plan: values made equal first, then the portal's merge, then a comment on what gave way.

The survivor is written everything that stays, so nothing is left to the portal's own idea of what wins; a loser gets
the same single values, so no two filled ones stand against each other and the portal never asks a person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from b24kit.change.merging import UNITED, MergeRecords
from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, UpdateRecord
from b24kit.cleanup.consent import refuses
from b24kit.cleanup.doubles import Client, Double
from b24kit.cleanup.keep import EMPTY, Held, Kept, keep, keep_name
from b24kit.cleanup.spec import CleanSpec
from b24kit.cleanup.standing import Standing, by_standing, filled
from b24kit.cleanup.survive import point_key
from b24kit.crm.cards import Company, Contact
from b24kit.crm.points import Point, PointKind
from b24kit.crm.records import record_from, values_of
from b24kit.crm.refs import Kind
from b24kit.i18n import Language, has, say
from b24kit.matching.groups import natural

_PLAIN = {Kind.CONTACT: ("owner", "source", "comment", "company"), Kind.COMPANY: ("title", "owner", "comment")}


@dataclass(frozen=True, slots=True)
class Merged:
    """One group's outcome: the survivor as it will be, those it swallows, and the operations that make it so."""

    survivor: Client
    losers: tuple[Client, ...]
    operations: tuple[Operation, ...]


def merge(
    double: Double, standing: Standing, spec: CleanSpec, ignores: Collection[str] = (), lang: Language = "ru"
) -> Merged | Reason:
    """The operations of one group, or why a person has to look at it first."""
    survivor, *losers = by_standing(double.cards, standing, spec.survive.survivor)
    kept = [*_kept_plain(survivor, losers, spec), *_kept_extra(survivor, losers, spec, ignores)]
    asked = sorted(one.field for one in kept if one.rule == "review" and one.lost)
    if asked:
        cards = ", ".join(card.id for card in double.cards)
        return Reason("clean.left.double_review", {**double.facts, "fields": asked, "cards": cards})
    final = _final(survivor, losers, kept)
    name = f"{survivor.ref.kind.value}-{survivor.id}"
    cluster = f"m-{name}"
    settles = [
        update
        for card in (survivor, *losers)
        if (update := _settle(card, final, survivor, cluster, double)) is not None
    ]
    merging = MergeRecords(
        key=f"merge-{name}",
        cluster=cluster,
        phase=Phase.MERGES,
        reason=Reason(f"clean.merge_{survivor.ref.kind.value}", _facts(double, survivor, losers, kept)),
        needs=tuple(update.key for update in settles),
        survivor=survivor.ref,
        losers=tuple(card.ref for card in losers),
        before={str(card.ref): values_of(card) for card in (survivor, *losers)},
        links={str(card.ref): list(standing.links.get(str(card.ref), ())) for card in (survivor, *losers)},
        ignores=tuple(sorted(ignores)),
    )
    note = _note(survivor, kept, merging, lang)
    return Merged(_as_it_will_be(survivor, final), tuple(losers), (*settles, merging, *note))


def united(cards: Sequence[Client]) -> tuple[Point, ...]:
    """Every phone and address of all cards, the survivor's as they are; another spelling of one is no other."""
    found: dict[tuple[PointKind, str], Point] = {}
    for card in cards:
        for point in card.points:
            found.setdefault((point.kind, point_key(point)), point)
    return tuple(found.values())


def _held(survivor: Client, losers: Sequence[Client], value: Mapping[str, Any]) -> list[Held]:
    """What each card holds, the survivor in place 0 and the others by age."""
    by_age = sorted(losers, key=lambda card: (card.created is None, str(card.created or ""), natural(card.id)))
    return [
        Held(value.get(card.id), card.id, place, card.created, card.changed, filled(card))
        for place, card in enumerate([survivor, *by_age])
    ]


def _kept_plain(survivor: Client, losers: Sequence[Client], spec: CleanSpec) -> list[Kept]:
    cards, found = [survivor, *losers], []
    if isinstance(survivor, Contact):
        names = {card.id: card.name for card in cards if isinstance(card, Contact)}
        found.append(keep_name(spec.survive.name, _held(survivor, losers, names)))
    for name in _PLAIN[survivor.ref.kind]:
        held = _held(survivor, losers, {card.id: getattr(card, name) for card in cards})
        found.append(keep(name, getattr(spec.survive, name), held))
    return [one for one in found if one is not None]


def _kept_extra(survivor: Client, losers: Sequence[Client], spec: CleanSpec, ignores: Collection[str]) -> list[Kept]:
    cards, found = [survivor, *losers], []
    names = sorted({name for card in cards for name in card.extra} - set(ignores))
    for name in names:
        values = {card.id: card.extra.get(name) for card in cards}
        if any(isinstance(row, Mapping) for value in values.values() for row in _rows(value)):
            continue  # a file: nothing to write, and `doubles` lets no two different ones through
        held = _held(survivor, losers, values)
        if name in spec.consent and (no := [one for one in held if refuses(one.value)]):
            kept = keep(name, "oldest", no)
            found.append(replace(kept, rule="strictest", lost={}) if kept else None)
        elif spec.survive.rule(name) == "review":
            kept = keep(name, "survivors", held)
            found.append(replace(kept, rule="review") if kept else None)
        else:
            found.append(keep(name, spec.survive.rule(name), held))
    return [one for one in found if one is not None]


def _final(survivor: Client, losers: Sequence[Client], kept: Iterable[Kept]) -> dict[str, Any]:
    """Every field as the merged card will have it, in a record's own values."""
    own = values_of(survivor)
    final: dict[str, Any] = {"extra": {}}
    for one in kept:
        if one.field == "name":
            final["name"] = {"first": one.value.first, "last": one.value.last, "middle": one.value.middle}
        elif one.field in own:
            final[one.field] = one.value
        else:
            final["extra"][one.field] = list(one.value) if isinstance(one.value, tuple) else one.value
    points = united([survivor, *losers])
    final["points"] = values_of(replace(survivor, points=points))["points"]
    if isinstance(survivor, Contact):
        firms = [firm for card in (survivor, *losers) if isinstance(card, Contact) for firm in card.companies]
        first = final.get("company")
        final["companies"] = list(dict.fromkeys([*([first] if first else []), *firms]))
    return final


def _settle(
    card: Client, final: Mapping[str, Any], survivor: Client, cluster: str, double: Double
) -> UpdateRecord | None:
    """One update that makes a card ready: all that stays for the survivor, what stands against it for the others."""
    now = values_of(card)
    after = _for_survivor(now, final) if card is survivor else _for_loser(now, final)
    if not after:
        return None
    before = {name: now.get(name) for name in after}
    if "extra" in after:
        before["extra"] = {name: (now.get("extra") or {}).get(name) for name in after["extra"]}
    code = "clean.settle_survivor" if card is survivor else "clean.settle_loser"
    return UpdateRecord(
        key=f"settle-{card.ref.kind.value}-{card.id}",
        cluster=cluster,
        phase=Phase.MERGES,
        reason=Reason(code, {**double.facts, "card": str(survivor.ref)}),
        ref=card.ref,
        before=before,
        after=after,
    )


def _for_survivor(now: Mapping[str, Any], final: Mapping[str, Any]) -> dict[str, Any]:
    after = {name: value for name, value in final.items() if name != "extra" and _other(name, now.get(name), value)}
    extra = {
        name: value for name, value in final["extra"].items() if str((now.get("extra") or {}).get(name)) != str(value)
    }
    return after | ({"extra": extra} if extra else {})


def _for_loser(now: Mapping[str, Any], final: Mapping[str, Any]) -> dict[str, Any]:
    after: dict[str, Any] = {}
    for name, value in final.items():
        held = now.get(name)
        if name in UNITED or name in ("extra", "comment") or held in EMPTY:
            continue
        if _other(name, held, value) and (name != "name" or any((held or {}).values())):
            after[name] = value
    if now.get("comment"):
        after["comment"] = ""  # the survivor has the text; a portal that joins comments would say it twice
    if "company" in after:
        after["companies"] = [after["company"]]  # a card's first company goes by the list where there are several
    extra = {
        name: value
        for name, value in final["extra"].items()
        if (held := (now.get("extra") or {}).get(name)) not in EMPTY and str(held) != str(value)
    }
    after |= {"extra": extra} if extra else {}
    points = _without_respelled(now.get("points") or [], final["points"])
    return after | ({"points": points} if len(points) != len(now.get("points") or []) else {})


def _without_respelled(points: Sequence[Mapping[str, Any]], final: Sequence[Mapping[str, Any]]) -> list[Any]:
    """A loser's points without those that the survivor has in another spelling: the portal would keep both."""
    written = {(point["kind"], point["value"]) for point in final}
    known = {_point_key(point) for point in final}
    return [
        dict(point) for point in points if (point["kind"], point["value"]) in written or _point_key(point) not in known
    ]


def _point_key(point: Mapping[str, Any]) -> tuple[str, str]:
    return str(point["kind"]), point_key(Point(PointKind(point["kind"]), str(point["value"])))


def _other(name: str, held: Any, value: Any) -> bool:
    if name == "points":
        return [(p["kind"], p["value"]) for p in held or ()] != [(p["kind"], p["value"]) for p in value or ()]
    return not (held in EMPTY and value in EMPTY) and held != value


def _facts(double: Double, survivor: Client, losers: Sequence[Client], kept: Sequence[Kept]) -> dict[str, Any]:
    told = [_told(one) for one in kept]
    added = [point.value for point in united([survivor, *losers]) if point not in survivor.points]
    return {
        **double.facts,
        "card": str(survivor.ref),
        "cards": ", ".join(card.id for card in losers),
        "kept": told,
        "added": added,
    }


def _told(kept: Kept) -> dict[str, Any]:
    facts = kept.facts()
    return facts | {"value": str(kept.value), "lost": {card: str(value) for card, value in kept.lost.items()}}


def _note(survivor: Client, kept: Sequence[Kept], merging: MergeRecords, lang: Language) -> list[CreateRecord]:
    """A comment on the survivor with the values that gave way: they stand nowhere else on the portal from now on."""
    lines = [
        say("clean.text.merged_value", lang, field=_field_name(one.field, lang), value=str(value), card=card,
            kept=str(one.value))
        for one in kept
        for card, value in sorted(one.lost.items())
    ]  # fmt: skip
    ids = ", ".join(ref.id for ref in merging.losers)
    text = "\n".join([say(f"clean.text.merged_{survivor.ref.kind.value}", lang, ids=ids), *lines])
    return [
        CreateRecord(
            key=f"note-{merging.key}",
            cluster=merging.cluster,
            phase=Phase.NOTES,
            reason=Reason("clean.merge_note", {"card": str(survivor.ref), "count": len(lines)}),
            kind=Kind.COMMENT,
            values={"card": str(survivor.ref), "text": text},
            needs=(merging.key,),
        )
    ]


def _field_name(name: str, lang: Language) -> str:
    return say(f"field.{name}", lang) if has(f"field.{name}", lang) else name


def _as_it_will_be(survivor: Client, final: Mapping[str, Any]) -> Client:
    values = values_of(survivor) | {name: value for name, value in final.items() if name != "extra"}
    values["extra"] = {**(values.get("extra") or {}), **final["extra"]}
    made = record_from(survivor.ref.kind, survivor.id, values)
    assert isinstance(made, Contact | Company)
    return made


def _rows(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]
