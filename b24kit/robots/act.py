"""Actions into operations of the change engine: fields of one card go in one update, everything made carries its key.

The key of an operation is that of its (first) action, so it is the same whenever the same is decided again, and it is
the mark by which a comment, a task or a card is found after a crash.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from b24kit.change.intake import AcceptIncoming, AttachIncoming, DeclineIncoming
from b24kit.change.operation import CreateRecord, Operation, Phase, UpdateRecord
from b24kit.change.plan import Plan, ordered
from b24kit.crm.cards import Deal, Lead
from b24kit.crm.pipeline import LEADS
from b24kit.crm.portal import Capabilities
from b24kit.crm.records import values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.robots.decision import Action
from b24kit.robots.facts import CardFacts

PLAN = "robots"  # the plan all operations of robots belong to: their marks must not depend on the day
UPDATES = ("assign", "move", "close", "fill")
SENT = "message"
WORD_DUE = timedelta(hours=1)  # for a word to one of our people where the vendor has no notices but tasks
TAKE_IN = "take_in"
KINDS = (*UPDATES, TAKE_IN, "task", "finish", "comment", "notice", "open_card", SENT)


@dataclass(frozen=True, slots=True)
class Planned:
    """An operation, the card it is about, and the actions that are done with it."""

    operation: Operation
    card: Ref
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """What differs between vendors here: fields that their cards have not, notices that become tasks due at `due`."""

    lacks: Mapping[Kind, frozenset[str]] = field(default_factory=dict)
    due: datetime | None = None

    @classmethod
    def of(cls, able: Capabilities, now: datetime) -> Ways:
        """The ways of a portal at this moment."""
        return cls(able.lacks, now + WORD_DUE if "create notice" in able.refuses else None)


def operations_for(actions: Sequence[Action], facts: CardFacts, ways: Ways | None = None) -> list[Planned]:
    """The operations of these actions; those whose key is done already, and messages, become none.

    ValueError for an action of a kind that is unknown here.
    """
    todo = [one for one in actions if one.key not in facts.done]
    unknown = sorted({one.kind for one in todo} - set(KINDS))
    if unknown:
        raise ValueError(f"no operation for actions {', '.join(unknown)}")
    return [*_updates([one for one in todo if one.kind in UPDATES], facts), *_creations(todo, facts, ways or Ways())]


def messages_in(actions: Iterable[Action], done: Collection[str]) -> list[Action]:
    """What would be sent to a client: it waits in the outbox."""
    return [one for one in actions if one.kind == SENT and one.key not in done]


def robots_plan(planned: Iterable[Planned], portal: str, now: datetime) -> Plan:
    """The plan of a pass, as the change engine carries it out; it rests on no snapshot but on what was just read."""
    return Plan(
        id=PLAN,
        portal_id=portal,
        playbook=PLAN,
        made_at=now,
        expires_at=now,
        settings_hash="",
        snapshot_id="",
        operations=ordered([one.operation for one in planned]),
    )


def _updates(actions: Sequence[Action], facts: CardFacts) -> Iterator[Planned]:
    """As few updates as there are values for one field; a field that two actions set is set by each in turn."""
    groups: list[tuple[dict[str, Any], list[Action]]] = []
    for action in actions:
        after = _fields(action)
        for fields, group in groups:
            if not _clash(fields, after):
                _merge(fields, after)
                group.append(action)
                break
        else:
            groups.append((after, [action]))
    for after, group in groups:
        if after:
            yield _update(after, group, facts)
        yield from (_client_too(one, facts) for one in group if one.values.get("with_contact"))


def _update(after: Mapping[str, Any], group: Sequence[Action], facts: CardFacts) -> Planned:
    first = group[0]
    now = values_of(facts.card)
    before = {
        name: {part: (now.get(name) or {}).get(part) for part in value} if isinstance(value, Mapping) else now.get(name)
        for name, value in after.items()
    }
    operation = UpdateRecord(
        key=first.key,
        phase=Phase.CARDS,
        reason=first.reason,
        cluster=str(first.card),
        ref=first.card,
        before=before,
        after=after,
    )
    return Planned(operation, first.card, tuple(one.key for one in group))


def _client_too(action: Action, facts: CardFacts) -> Planned:
    """The client goes to the owner of the card that he came with."""
    assert facts.contact is not None
    operation = UpdateRecord(
        key=f"{action.key}#client",
        phase=Phase.NOTES,  # the lead first: that is what people wait for
        reason=action.reason,
        cluster=str(action.card),
        ref=facts.contact.ref,
        before={"owner": facts.contact.owner},
        after={"owner": str(action.values["owner"])},
    )
    return Planned(operation, action.card, (action.key,))


def _fields(action: Action) -> dict[str, Any]:
    values = action.values
    found: dict[str, Any] = {}
    if values.get("owner") is not None and action.kind == "assign":
        found["owner"] = str(values["owner"])
    if values.get("stage"):
        found["stage"] = values["stage"]
    if values.get("fields"):
        found["extra"] = dict(values["fields"])
    if action.kind == "fill":
        found |= {name: str(values[name]) for name in ("contact", "company") if values.get(name)}
    return found


def _clash(fields: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    both = fields.keys() & after.keys()
    return any(name != "extra" or fields[name].keys() & after[name].keys() for name in both)


def _merge(fields: dict[str, Any], after: Mapping[str, Any]) -> None:
    for name, value in after.items():
        fields[name] = {**fields[name], **value} if name == "extra" and name in fields else value


def _creations(actions: Iterable[Action], facts: CardFacts, ways: Ways) -> Iterator[Planned]:
    for action in actions:
        if action.kind == "close" and action.values.get("text"):
            told = {"text": action.values["text"]}
            yield _created(replace(action, key=f"{action.key}#why"), action.key, Kind.COMMENT, _comment(action, told))
        elif action.kind == TAKE_IN:
            yield from _taken_in(action, facts)
        elif action.kind == "comment":
            yield _created(action, action.key, Kind.COMMENT, _comment(action, action.values))
        elif action.kind == "notice" and action.values.get("user"):
            kind, values = (Kind.NOTICE, _notice(action)) if ways.due is None else _word(action, ways.due)
            yield _created(action, action.key, kind, values)
        elif action.kind == "task":
            kind, values = _task(action, facts)
            yield _created(action, action.key, kind, values)
        elif action.kind == "finish":
            yield _finished(action)
        elif action.kind == "open_card":
            kind, values = _card(action, facts)
            lacks = ways.lacks.get(kind, frozenset())
            kept = {name: value for name, value in values.items() if name not in lacks}
            yield _created(action, action.key, kind, kept, quiet=False)


def _created(action: Action, key: str, kind: Kind, values: Mapping[str, Any], *, quiet: bool = True) -> Planned:
    operation = CreateRecord(
        key=action.key,
        phase=Phase.DEALS if kind in (Kind.DEAL, Kind.LEAD) else Phase.NOTES,
        reason=action.reason,
        cluster=str(action.card),
        kind=kind,
        values=values,
        quiet=quiet,
    )
    return Planned(operation, action.card, (key,))


def _finished(action: Action) -> Planned:
    """A to-do of ours is over. It is made as one and changed as an activity."""
    ref = Ref(Kind.ACTIVITY, Ref.parse(action.values["task"]).id)
    operation = UpdateRecord(
        key=action.key,
        phase=Phase.NOTES,
        reason=action.reason,
        cluster=str(action.card),
        ref=ref,
        before={"done": False},
        after={"done": True},
    )
    return Planned(operation, action.card, (action.key,))


def _comment(action: Action, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"card": str(values.get("place") or action.card), "text": values["text"]}


def _notice(action: Action) -> dict[str, Any]:
    # A second notice with the same tag replaces the first one: repeating it after a crash does no harm.
    return {"user": str(action.values["user"]), "text": action.values["text"], "tag": f"{PLAN}|{action.key}"}


def _taken_in(action: Action, facts: CardFacts) -> Iterator[Planned]:
    """A waiting message taken in, linked to a card, or turned down."""
    assert facts.arriving is not None and facts.arriving.incoming is not None
    one, values = facts.arriving.incoming, action.values
    if one.id != values["uid"]:
        return
    common: dict[str, Any] = {
        "key": action.key, "cluster": str(action.card), "phase": Phase.CARDS, "reason": action.reason,
        "incoming": one.ref, "before": values_of(one),
    }  # fmt: skip
    done: Operation
    if values["how"] == "accept":
        done = AcceptIncoming(**common, stage=str(values["stage"]), owner=str(values["owner"]))
    elif values["how"] == "link":
        done = AttachIncoming(**common, card=Ref.parse(values["card"]), contact=values.get("contact"))
    else:
        done = DeclineIncoming(**common)
    yield Planned(done, action.card, (action.key,))


def _word(action: Action, due: datetime) -> tuple[Kind, dict[str, Any]]:
    """A word to one of our people as a task of his: its first line is what he reads in his list."""
    title, _, rest = str(action.values["text"]).partition("\n")
    user = str(action.values["user"])
    return Kind.TODO, {
        "card": str(action.card), "title": title, "text": rest, "owner": user, "deadline": due.isoformat()
    }  # fmt: skip


def _task(action: Action, facts: CardFacts) -> tuple[Kind, dict[str, Any]]:
    """A to-do on the card; a task of its own where no deadline is named, since a to-do needs one."""
    values = action.values
    made = {
        "card": str(action.card),
        "title": values["title"],
        "text": values.get("text", ""),
        "owner": str(values.get("owner") or facts.card.owner or ""),
    }
    if values.get("deadline"):
        return Kind.TODO, made | {"deadline": values["deadline"]}
    return Kind.TASK, made


def _card(action: Action, facts: CardFacts) -> tuple[Kind, dict[str, Any]]:
    """A card on another ladder that speaks of the same client; a deal of a lead also names the lead."""
    values, card = action.values, facts.card
    ladder = str(values["ladder"])
    made: dict[str, Any] = {"title": values["title"], "stage": values["stage"]}
    if values.get("owner"):
        made["owner"] = str(values["owner"])
    if values.get("fields"):
        made["extra"] = dict(values["fields"])
    made |= {name: found for name in ("contact", "company") if (found := getattr(card, name))}
    if ladder != LEADS:
        made["pipeline"] = ladder.partition(":")[2]
        if isinstance(card, Lead):
            made["lead"] = card.id
        return Kind.DEAL, made
    if isinstance(card, Lead):
        made |= {"source": card.source, "name": values_of(card)["name"]}
    return Kind.LEAD, {name: found for name, found in made.items() if found}


def is_ours(card: Lead | Deal) -> bool:
    """Whether robots opened this card."""
    return card.origin is not None and card.origin.id.startswith(f"{PLAN}.")
