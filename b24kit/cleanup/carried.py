"""What a client's card takes over from his leads beside name, points and source: each field by its `survive` rule.

Position, birthday and the like, the playbook's own fields, comments; an address and the marks of advertising go whole,
from one lead. A known client is given only what his card lacks. The reason of every value stands in the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, UpdateRecord
from b24kit.cleanup.keep import EMPTY, Held, Kept, keep
from b24kit.cleanup.pile import Item
from b24kit.cleanup.spec import CleanSpec
from b24kit.crm.cards import Contact
from b24kit.crm.portal import Capabilities, Carries

_NO_DATE = ("0001-", "-0001-", "0000-")  # what imports leave where there was no date


@dataclass(frozen=True, slots=True)
class Carried:
    """By the card's own field names: `extra` to write, `comment`, and the reasons as a plan keeps them."""

    extra: Mapping[str, Any] = field(default_factory=dict)
    comment: str = ""
    reasons: tuple[dict[str, Any], ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """What is written, by name."""
        return (*sorted(self.extra), *(("comment",) if self.comment else ()))


def carried(items: Sequence[Item], spec: CleanSpec, carries: Carries, known: Contact | None = None) -> Carried:
    """What these leads (in order of time) give to their client; `known` is his card where he has one."""
    if known is not None and not spec.carry.to_known:
        return Carried()
    own = dict(spec.carry.fields)
    alone = {name: name for name in carries.alone if name not in spec.consent} | own
    found = [_one(items, spec, lead_field, to) for lead_field, to in sorted(alone.items()) if _lacks(known, to)]
    for group in carries.together:
        if not any(known is not None and known.extra.get(name) for name in group):
            found += _whole(items, spec.survive.other, group)
    if known is None:  # how he came to us goes with the source; a known client came before
        found += _whole(items, spec.survive.source, carries.origin)
    kept = [one for one in found if one is not None]
    extra = {one.field: one.value for one in kept if not _asked(one)}
    comment = _comment(items, spec) if spec.carry.comments and (known is None or not known.comment) else None
    reasons = tuple(_told(one) for one in (*kept, *([comment] if comment else [])))
    return Carried(extra, comment.value if comment else "", reasons)


def origin_of(items: Sequence[Item], spec: CleanSpec, carries: Carries) -> dict[str, Any]:
    """How this request came to us, for a card that is made for it: the marks of the lead that gives the source."""
    return {kept.field: kept.value for kept in _whole(items, spec.survive.source, carries.origin)}


def money_of(items: Sequence[Item], spec: CleanSpec, carries: Carries) -> Carried:
    """What these leads are worth, for a deal that is made of them: amount and currency whole, from one lead.

    Which lead, the rule for other fields says; a lead without an amount has no say. `extra` names a deal's own fields.
    """
    priced = [item for item in items if str(item.lead.extra.get(carries.money.get("amount", ""), "")).strip("0., ")]
    ours = {theirs: name for name, theirs in carries.money.items()}
    kept = [replace(one, field=ours[one.field]) for one in _whole(priced, spec.survive.other, ours)]
    return Carried({one.field: str(one.value) for one in kept}, "", tuple(map(_told, kept)))


def written_quietly(creation: CreateRecord, able: Capabilities) -> list[Operation]:
    """A creation without the fields that quiet creation forgets, and a change of their own that writes those after."""
    extra = creation.values.get("extra") or {}
    late = {name: value for name, value in extra.items() if name.startswith(able.quiet_forgets or ("\0",))}
    if not late:
        return [creation]
    rest = {name: value for name, value in extra.items() if name not in late}
    values = {name: value for name, value in creation.values.items() if name != "extra"}
    return [
        replace(creation, values=values | ({"extra": rest} if rest else {})),
        UpdateRecord(
            key=f"{creation.key}/fields",
            cluster=creation.cluster,
            phase=Phase.NOTES,
            reason=Reason("clean.forgotten_fields", {"fields": list(late)}),
            needs=(creation.key,),
            ref=creation.target,
            before={"extra": dict.fromkeys(late, "")},
            after={"extra": late},
        ),
    ]


def _one(items: Sequence[Item], spec: CleanSpec, lead_field: str, to: str) -> Kept | None:
    """One field by its rule; a rule that asks a person keeps the first value only where no other stands against it."""
    rule = spec.survive.rule(to)
    kept = keep(to, "survivors" if rule == "review" else rule, _held(items, lambda item: _said(item, lead_field)))
    return kept if kept is None or rule != "review" else Kept(to, kept.value, rule, kept.card, kept.lost)


def _whole(items: Sequence[Item], rule: str, names: Iterable[str]) -> Iterator[Kept]:
    """Fields that mean something only together, all from one lead: the one that the rule takes."""
    group = sorted(names)
    rule = rule if rule not in ("union", "review") else "survivors"
    held = _held(items, lambda item: {name: value for name in group if (value := _said(item, name)) not in EMPTY})
    best = keep("", rule, held)
    for name, value in (best.value if best else {}).items():
        lost = {card: other[name] for card, other in best.lost.items() if name in other} if best else {}
        yield Kept(name, value, rule, best.card if best else "", {c: v for c, v in lost.items() if v != value})


def _comment(items: Sequence[Item], spec: CleanSpec) -> Kept | None:
    return keep("comment", spec.survive.comment, _held(items, lambda item: item.lead.comment.strip()))


def _held(items: Sequence[Item], value: Callable[[Item], Any]) -> Iterator[Held]:
    """What each lead says, in order of time; the first one stands as the survivor would."""
    for place, item in enumerate(items):
        lead = item.lead
        changed = lead.changed or item.when
        yield Held(value(item), str(lead.ref), place, item.when, changed, len(lead.extra) + len(lead.points))


def _said(item: Item, name: str) -> Any:
    """A lead's own word; files cannot be written, and a date of the year 1 is none."""
    value = item.lead.extra.get(name)
    rows = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(row, Mapping) for row in rows) or str(value).startswith(_NO_DATE):
        return None
    return value


def _lacks(known: Contact | None, name: str) -> bool:
    return known is None or known.extra.get(name) in EMPTY


def _asked(kept: Kept) -> bool:
    """Whether the playbook wants a person to choose between these."""
    return kept.rule == "review" and bool(kept.lost)


def _told(kept: Kept) -> dict[str, Any]:
    return kept.facts() | {"value": str(kept.value), "lost": {card: str(value) for card, value in kept.lost.items()}}
