"""A card made again out of its copy: the card itself quietly, then what hung on it, each thing an operation of its own.

What still exists elsewhere is bound again, never made twice. Letters come back in a form that cannot be sent: one that
went out is made as not done and marked as done afterwards (the page crm.activity.add names this as the way).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from b24kit.change.backup import Kept, Manifest
from b24kit.change.operation import (
    BindLetter,
    CreateRecord,
    Operation,
    Phase,
    Reason,
    UpdateRecord,
    making_phase,
)
from b24kit.crm.activity import Channel, Direction
from b24kit.crm.dossier import Dossier, Part
from b24kit.crm.portal import Capabilities
from b24kit.crm.refs import Kind, Ref, new_ref

# What a portal sets by itself on a new card, or cannot be given back.
_STAMPS = frozenset({"created", "created_by", "changed", "changed_by", "moved", "last_activity", "outcome", "repeat"})
_WITH_ADDRESS = frozenset({Channel.EMAIL.value, Channel.CALL.value, Channel.MEETING.value})
_HOLDERS = {Kind.CONTACT: "contact", Kind.COMPANY: "company"}
FileOf = Callable[[str], Kept | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """How a card comes back. `key` begins the keys of all its operations; `surviving` are things that hung on it and
    still exist; `leave` are those that other operations see to; `files` finds a kept file by its old id; `names` tells
    what users are called; `stand_in` is the card that now stands in its place on other cards (after a merge)."""

    key: str
    cluster: str
    capabilities: Capabilities
    files: FileOf
    surviving: Collection[Ref] = ()
    leave: Collection[Ref] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    stand_in: str | None = None


def recreate(dossier: Dossier, how: Again) -> list[Operation]:
    """The operations that make a card again and hang on it what its copy holds; the card's own comes first."""
    maker = _Maker(dossier, how)
    found = [maker.card(), *maker.forgotten(), *maker.history()]
    found += [operation for item in dossier.activities for operation in maker.activity(item)]
    found += [operation for item in dossier.comments for operation in maker.comment(item)]
    found += [operation for item in dossier.tasks for operation in maker.task(item)]
    found += [maker.made(Kind.PRODUCT, item["id"], _without(item, "id")) for item in dossier.products]
    return [*found, *maker.holders()]


def hanging(dossier: Dossier) -> set[Ref]:
    """What hung on a card and may still exist on another one: to be looked for before anything is made again."""
    found = {Ref(Kind.ACTIVITY, str(item["id"])) for item in dossier.activities}
    found |= {Ref(Kind.COMMENT, str(item["id"])) for item in dossier.comments}
    return found | {Ref(Kind.TASK, str(item["id"])) for item in dossier.tasks}


def losses(manifest: Manifest) -> list[Reason]:
    """What making again cannot bring back, with counts; those of nothing are left out."""
    counts = {
        "ids": manifest.cards,
        "created": manifest.cards,
        "history": manifest.count(Part.MOVES),
        "authors": sum(manifest.count(part) for part in (Part.LETTERS, Part.CALLS, Part.COMMENTS, Part.TASKS)),
        "recordings": manifest.count(Part.CALLS),
        "marks": manifest.count(Part.MARKS),
        "file_ids": manifest.count(Part.FILES),
        "unread_files": len(manifest.unread_files),
        "task_notices": manifest.count(Part.TASKS),
        "requisites": manifest.count(Part.REQUISITES),
    }
    found = [Reason(f"recreation.loses.{name}", {"n": count}) for name, count in counts.items() if count]
    if manifest.unread_parts:
        found.append(Reason("recreation.loses.unread_parts", {"parts": list(manifest.unread_parts)}))
    return found


def in_two_steps(made: CreateRecord) -> Iterator[Operation]:
    """A letter that went out, or a to-do, is made as not done first: the one would be sent, the other is born open."""
    values = made.values
    letter = values.get("channel") == Channel.EMAIL.value and values.get("direction") == Direction.OUT.value
    if not values.get("done") or not (made.kind is Kind.TODO or (made.kind is Kind.ACTIVITY and letter)):
        yield made
        return
    yield replace(made, values={**values, "done": False})
    yield UpdateRecord(
        key=f"{made.key}-done",
        cluster=made.cluster,
        phase=Phase.NOTES,
        reason=Reason("recreation.done"),
        ref=new_ref(Kind.ACTIVITY, made.key),
        before={"done": False},
        after={"done": True},
    )


@dataclass(slots=True)
class _Maker:
    dossier: Dossier
    how: Again

    @property
    def new(self) -> Ref:
        return new_ref(self.dossier.ref.kind, self.how.key)

    def card(self) -> CreateRecord:
        card = self.dossier.card
        filled = {name: value for name, value in card.items() if value not in (None, "", [], {})}
        values = {name: value for name, value in filled.items() if name not in _STAMPS}
        values.pop("origin", None)  # every card of ours carries our own, by which it is found again
        linked = [link["id"].partition(":") for link in self.dossier.links]
        observers = [found for kind, _, found in linked if kind == "observer"]
        contacts = [found for kind, _, found in linked if kind == Kind.CONTACT.value]
        if observers:
            values["observers"] = observers
        if contacts and self.dossier.ref.kind in (Kind.LEAD, Kind.DEAL):
            first = values.pop("contact", None)
            values["contacts"] = [*([first] if first else []), *contacts]
        if "points" in values:
            values["points"] = [{**point, "id": None} for point in values["points"]]
        extra = {name: value for name, value in (card.get("extra") or {}).items() if not self._forgets(name)}
        values |= {"extra": extra} if extra else {}
        return CreateRecord(
            key=self.how.key,
            cluster=self.how.cluster,
            phase=making_phase(self.dossier.ref.kind),
            reason=Reason("recreation.card", {"was": str(self.dossier.ref)}),
            kind=self.dossier.ref.kind,
            values=values,
        )

    def forgotten(self) -> Iterator[UpdateRecord]:
        """Fields that quiet creation does not carry, written by a change of their own."""
        extra = {k: v for k, v in (self.dossier.card.get("extra") or {}).items() if self._forgets(k) and v}
        if extra:
            yield UpdateRecord(
                key=f"{self.how.key}/fields",
                cluster=self.how.cluster,
                phase=Phase.NOTES,
                reason=Reason("recreation.fields"),
                ref=self.new,
                before={"extra": dict.fromkeys(extra, "")},
                after={"extra": extra},
            )

    def history(self) -> Iterator[CreateRecord]:
        """When the card was made and where it stood, in words: no portal takes these back."""
        card, moves = self.dossier.card, self.dossier.moves
        lines = [f"{self.dossier.ref}: {_moment(card.get('created'))}, {self._user(card.get('created_by'))}"]
        lines += [f"{_moment(move.get('at'))}: {move.get('stage')}" for move in moves]
        yield self.made(Kind.COMMENT, "history", {"text": "\n".join(lines)}, was=False)

    def activity(self, item: Mapping[str, Any]) -> Iterator[Operation]:
        ref = Ref(Kind.ACTIVITY, str(item["id"]))
        if ref in self.how.leave:
            return
        if ref in self.how.surviving:
            yield self._bound(ref)
        elif item.get("channel") == Channel.TODO.value and item.get("deadline"):
            values = {name: item.get(name) for name in ("text", "deadline", "done")}
            values |= {"title": item.get("subject"), "owner": item.get("responsible")}
            yield from in_two_steps(self.made(Kind.TODO, ref.id, values))
        elif item.get("channel") in _WITH_ADDRESS and item.get("address"):
            yield from self._said(item, ref)
        else:
            yield self._in_words(item, Kind.ACTIVITY, f"{item.get('channel')}: {item.get('subject') or ''}")

    def comment(self, item: Mapping[str, Any]) -> Iterator[Operation]:
        ref = Ref(Kind.COMMENT, str(item["id"]))
        if ref in self.how.surviving:
            yield self._bound(ref)
        else:
            yield self._in_words(item, Kind.COMMENT)

    def task(self, item: Mapping[str, Any]) -> Iterator[Operation]:
        if Ref(Kind.TASK, str(item["id"])) not in self.how.surviving:
            kept = ("title", "text", "owner", "deadline", "done")
            yield self.made(Kind.TASK, item["id"], {name: item.get(name) for name in kept})

    def holders(self) -> Iterator[UpdateRecord]:
        """Cards that spoke of this one speak of the new one, if nobody gave them another since."""
        name = _HOLDERS.get(self.dossier.ref.kind)
        if name is None:
            return
        for link in self.dossier.links:
            kind, _, found = link["id"].partition(":")
            if kind not in (Kind.DEAL.value, Kind.LEAD.value, Kind.CONTACT.value):
                continue
            yield UpdateRecord(
                key=f"{self.how.key}/{kind}-{found}",
                cluster=self.how.cluster,
                phase=Phase.NOTES,
                reason=Reason("recreation.link"),
                ref=Ref(Kind(kind), found),
                before={name: self.how.stand_in},
                after={name: self.new.id},
            )

    def made(self, kind: Kind, item: Any, values: Mapping[str, Any], *, was: bool = True) -> CreateRecord:
        """Something made again on the new card."""
        facts = {"was": f"{kind.value}:{item}"} if was else {}
        return CreateRecord(
            key=f"{self.how.key}/{kind.value}-{item}",
            cluster=self.how.cluster,
            phase=Phase.NOTES,
            reason=Reason("recreation.part", facts),
            kind=kind,
            values={"card": str(self.new), **{name: v for name, v in values.items() if v not in (None, "", [])}},
        )

    def _said(self, item: Mapping[str, Any], ref: Ref) -> Iterator[Operation]:
        """A letter, a call or a meeting."""
        kept = ("channel", "direction", "subject", "text", "start", "end", "responsible", "letter", "address", "done")
        files, lost = self._files(item)
        text = "\n".join(filter(None, [item.get("text"), *lost]))
        values = {**{name: item.get(name) for name in kept}, "text": text, "files": files}
        yield from in_two_steps(self.made(Kind.ACTIVITY, ref.id, values))

    def _bound(self, ref: Ref) -> BindLetter:
        return BindLetter(
            key=f"{self.how.key}/bind-{ref.kind.value}-{ref.id}",
            cluster=self.how.cluster,
            phase=Phase.NOTES,
            reason=Reason("recreation.bound"),
            activity=ref,
            card=self.new,
        )

    def _in_words(self, item: Mapping[str, Any], kind: Kind, title: str = "") -> CreateRecord:
        """A comment that tells when and who; its author can only be us."""
        files, lost = self._files(item)
        author = self._user(item.get("author") or item.get("responsible"))
        head = f"[{_moment(item.get('created'))}, {author}]"
        text = "\n".join(filter(None, [head, title, item.get("text"), *lost]))
        made = self.made(Kind.COMMENT, f"of-{kind.value}-{item['id']}", {"text": text, "files": files}, was=False)
        return replace(made, reason=Reason("recreation.part", {"was": f"{kind.value}:{item['id']}"}))

    def _files(self, item: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
        """The kept files of an item by their hashes, and a line for each that was never read."""
        files: list[dict[str, Any]] = []
        lost: list[str] = []
        for one in item.get("files") or ():
            kept = self.how.files(str(one["id"]))
            if kept is not None and kept.sha is not None:
                files.append({"name": kept.name, "kept": kept.sha, "size": kept.size or 0})
            else:
                lost.append(f"({(kept.name if kept else one.get('name')) or one['id']} - ?)")
        return files, lost

    def _forgets(self, name: str) -> bool:
        return name.startswith(self.how.capabilities.quiet_forgets) if self.how.capabilities.quiet_forgets else False

    def _user(self, user: Any) -> str:
        return self.how.names.get(f"user:{user}", f"user:{user}") if user else "?"


def _without(item: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != name}


def _moment(value: Any) -> str:
    return f"{datetime.fromisoformat(value).astimezone(UTC):%d.%m.%Y %H:%M} UTC" if value else "?"
