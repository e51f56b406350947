"""A portal in memory for tests of the engine: it keeps the protocol's promises and breaks connections when told to.

Not a fake of any vendor: rules are the few that the engine rests on (a stage with cards stays, an activity keeps its
last binding, a lost answer may commit late). Whole stories run against the sandbox instead.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, cast

from b24kit.clock import FakeClock
from b24kit.crm.activity import Activity, Channel
from b24kit.crm.cards import Company, Contact, Deal, Lead
from b24kit.crm.dossier import Attachment, Dossier
from b24kit.crm.incoming import Incoming
from b24kit.crm.pipeline import Gate, LossReason, Outcome, Pipeline, Source, Stage
from b24kit.crm.portal import Capabilities, Cost, Feed, Intend, PortalFacts, Progress, Seen, Tell, Trace, Where
from b24kit.crm.records import READABLE, Record, record_from, ref_of, same, values_of
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.user import Team, User
from b24kit.crm.writes import (
    Accept,
    Bind,
    Change,
    Create,
    Decline,
    Delete,
    LinkIncoming,
    Merge,
    Result,
    Settled,
    TakeIn,
    Unbind,
    Write,
)

US = "1"


class Fault(Enum):
    """What befalls one write."""

    NONE = auto()
    LOST_BEFORE = auto()  # never arrived, and nobody knows
    LOST_AFTER = auto()  # done, and nobody knows
    LATE = auto()  # done half a minute later, and nobody knows
    NOT_EXECUTED = auto()
    REFUSED = auto()


class PowerCut(BaseException):
    """The machine stops here, as `kill -9` does."""


@dataclass
class Robot:
    """Something that happens when a card enters a stage."""

    stage: str
    trace: Trace


class MemoryPortal:
    def __init__(self, clock: FakeClock, *, batch: int = 4, lanes: int = 2) -> None:
        self.clock, self.batch, self.lanes = clock, batch, lanes
        self.rows: dict[Kind, dict[str, dict[str, Any]]] = {kind: {} for kind in Kind}
        self.marks: dict[str, tuple[Kind, str]] = {}  # write key -> what it made
        self.fault: Callable[[Write], Fault] = lambda write: Fault.NONE
        self.too_fast: Callable[[Write], bool] = lambda write: False  # refused for speed: it will leave again
        self.step: Callable[[], None] = lambda: None  # called at every point where a machine may stop
        self.late: list[tuple[float, Write]] = []
        self.calls: list[str] = []
        self.robots: list[Robot] = []
        self.found: dict[str, list[Trace]] = {}
        self.files: dict[str, bytes] = {}
        self.hidden: dict[str, dict[str, Any]] = {}  # contacts that came with incoming leads
        self.leads_on, self.admin, self.missing = True, True, frozenset[str]()
        self.portal_id = "memory.test"
        self._next = 1000

    # -- reading

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            vendor="memory",
            has_leads=True,
            deletes=frozenset(Kind) - {Kind.NOTICE, Kind.FIELD},
            restores_stage_code=True,
            quiet_creation=frozenset({Kind.CONTACT, Kind.COMPANY, Kind.LEAD}),
            merges=False,
            native_gates=False,
            own_stage_codes=True,
            renames_system_stages=True,
            stage_code_limit=21,
        )

    def facts(self) -> PortalFacts:
        return PortalFacts(
            id=self.portal_id,
            leads_on=self.leads_on,
            user=US,
            user_name="Администратор",
            admin=self.admin,
            scopes=frozenset({"crm", "user", "task"}) - self.missing,
            missing_scopes=self.missing,
            now=self.clock.now(),
            utc_offset_minutes=180,
            access="webhook",
        )

    def add(self, *records: Record) -> None:
        """Put records there as they are."""
        for record in records:
            ref = ref_of(record)
            self.rows[ref.kind][ref.id] = values_of(record)

    def all(self, kind: Kind) -> list[Record]:
        self._commit_late()
        rows = sorted(self.rows[kind].items(), key=lambda row: (len(row[0]), row[0]))
        return [record_from(kind, record, copy.deepcopy(values)) for record, values in rows]

    def stages(self) -> list[Stage]:
        return sorted(cast(list[Stage], self.all(Kind.STAGE)), key=lambda stage: (stage.ladder, stage.sort))

    def pipelines(self) -> list[Pipeline]:
        return cast(list[Pipeline], self.all(Kind.PIPELINE))

    def gates(self) -> list[Gate]:
        return []

    def sources(self) -> list[Source]:
        return cast(list[Source], self.all(Kind.SOURCE))

    def field_place(self, ref: Ref, values: Mapping[str, Any]) -> tuple[tuple[Kind, ...], str]:
        return (Kind(values["card_kind"]),), str(values["code"])

    def loss_reasons(self) -> list[LossReason]:
        return cast(list[LossReason], self.all(Kind.LOSS_REASON))

    def users(self) -> list[User]:
        return cast(list[User], self.all(Kind.USER))

    def teams(self) -> list[Team]:
        return cast(list[Team], self.all(Kind.TEAM))

    def leads(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Lead]:
        return iter([lead for lead in cast(list[Lead], self.all(Kind.LEAD)) if _fits(lead, where)])

    def contacts(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Contact]:
        return iter(cast(list[Contact], self.all(Kind.CONTACT)))

    def companies(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Company]:
        return iter(cast(list[Company], self.all(Kind.COMPANY)))

    def deals(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Deal]:
        return iter([deal for deal in cast(list[Deal], self.all(Kind.DEAL)) if _fits(deal, where)])

    def incoming(self, tell: Tell | None = None, *, remarks: bool = False) -> Iterator[Incoming]:
        return iter(cast(list[Incoming], self.all(Kind.INCOMING)))

    def activities(
        self, on: Kind | None = None, channel: Channel | None = None, open_only: bool = False, text: bool = False
    ) -> Iterator[Activity]:
        found = cast(list[Activity], self.all(Kind.ACTIVITY))
        return iter([one for one in found if on is None or one.card.kind is on])

    def texts(self, activities: Iterable[Ref]) -> Iterator[tuple[Ref, str]]:
        there = self.rows[Kind.ACTIVITY]
        return iter([(ref, str(there[ref.id]["text"])) for ref in activities if there.get(ref.id, {}).get("text")])

    def read(self, refs: Iterable[Ref]) -> dict[Ref, Record]:
        self.step()
        self._commit_late()
        found: dict[Ref, Record] = {}
        for ref in refs:
            assert ref.kind in READABLE, f"{ref.kind} cannot be read"
            assert not ref.is_new, f"{ref} is not there yet"
            if ref.id in self.rows[ref.kind]:
                found[ref] = record_from(ref.kind, ref.id, copy.deepcopy(self.rows[ref.kind][ref.id]))
        return found

    def traces(self, ref: Ref) -> list[Trace]:
        return list(self.found.get(str(ref), []))

    def dossiers(self, refs: Iterable[Ref]) -> Iterator[Dossier]:
        for ref in refs:
            self.step()
            if ref.id in self.rows[ref.kind]:
                card = copy.deepcopy(self.rows[ref.kind][ref.id])
                rows = copy.deepcopy(self.rows[Kind.ACTIVITY]).items()
                bound = [{**row, "id": i, "address": _address(row)} for i, row in rows if str(ref) in _cards(row)]
                here = {kind: self._on(kind, ref) for kind in (Kind.COMMENT, Kind.TASK, Kind.PRODUCT)}
                named = [file for rows in here.values() for row in rows for file in row.get("files", ())]
                yield Dossier(
                    ref=ref,
                    card=card,
                    activities=tuple(bound),
                    comments=here[Kind.COMMENT],
                    tasks=here[Kind.TASK],
                    products=here[Kind.PRODUCT],
                    files=tuple(Attachment(file["id"], file["name"]) for file in named),
                )

    def belongings(self, refs: Iterable[Ref], whole: Collection[Ref] = ()) -> Iterator[Dossier]:
        """Everything of all of them."""
        return self.dossiers(refs)

    def contents(self, files: Iterable[Attachment]) -> Iterator[tuple[Attachment, bytes | None]]:
        return iter([(file, self.files.get(file.id)) for file in files])

    def surviving(self, refs: Iterable[Ref]) -> set[Ref]:
        return {ref for ref in refs if ref.id in self.rows[ref.kind]}

    def _on(self, kind: Kind, card: Ref) -> tuple[dict[str, Any], ...]:
        rows = self.rows[kind].items()
        return tuple({**copy.deepcopy(row), "id": i} for i, row in rows if row.get("card") == str(card))

    def price(self, writes: Mapping[str, int], reads: Mapping[str, int] | None = None) -> Cost:
        return Cost(requests=sum(writes.values()) + sum((reads or {}).values()))

    def close(self) -> None: ...

    # -- writing

    def perform(self, writes: Sequence[Write], intend: Intend, tell: Tell | None = None) -> Iterator[Result]:
        batches = [list(writes[at : at + self.batch]) for at in range(0, len(writes), self.batch)]
        flying: list[list[Result]] = []
        done = 0
        try:
            while batches or flying:
                while batches and len(flying) < self.lanes:
                    batch = batches.pop(0)
                    self.step()
                    intend(batch)
                    self.step()
                    flying.append([self._meet(write) for write in batch])
                    self.step()
                for result in flying.pop(0):
                    done += 1
                    if tell is not None:
                        tell(Progress(done, len(writes)))
                    yield result
        finally:
            self.calls.append(f"perform ended after {done}")

    def carry(self, feed: Feed, tell: Tell | None = None) -> Iterator[Result | Seen]:
        waiting: list[Write] = []
        flying: list[list[Result]] = []
        done = 0
        while True:
            wanted = feed.more()
            waiting += wanted.writes
            if wanted.looks:
                yield Seen(tuple(wanted.looks), self.read(wanted.looks))
                continue
            while waiting and len(flying) < self.lanes:
                batch, waiting = waiting[: self.batch], waiting[self.batch :]
                self.step()
                withheld = feed.intend(batch)
                self.step()
                leaving = [write for write in batch if write.key not in withheld]
                back = [write for write in leaving if self.too_fast(write)]
                waiting = back + waiting
                flying.append([self._meet(write) for write in leaving if write not in back])
                self.step()
            if not flying:
                return
            for result in flying.pop(0):
                done += 1
                yield result
                if tell is not None:
                    tell(Progress(done, None))

    def settle(self, writes: Sequence[Write]) -> dict[str, Result]:
        self.step()
        self._commit_late()
        self.calls.append(f"settle {len(writes)}")
        return {write.key: self._look(write) for write in writes}

    def _meet(self, write: Write) -> Result:
        self._commit_late()
        match self.fault(write):
            case Fault.LOST_BEFORE:
                return Result(write.key, Settled.UNKNOWN)
            case Fault.LOST_AFTER:
                self._do(write)
                return Result(write.key, Settled.UNKNOWN)
            case Fault.LATE:
                self.late.append((self.clock.monotonic() + 30, write))
                return Result(write.key, Settled.UNKNOWN)
            case Fault.NOT_EXECUTED:
                return Result(write.key, Settled.NOT_EXECUTED)
            case Fault.REFUSED:
                return Result(write.key, Settled.REFUSED, code="NO", said="Нельзя.")
            case Fault.NONE:
                return self._do(write)

    def _commit_late(self) -> None:
        due = [write for at, write in self.late if at <= self.clock.monotonic()]
        self.late = [(at, write) for at, write in self.late if at > self.clock.monotonic()]
        for write in due:
            self._do(write)

    def _do(self, write: Write) -> Result:
        self.calls.append(write.key)
        match write:
            case Create():
                return self._create(write)
            case Change():
                return self._change(write)
            case Delete():
                return self._delete(write)
            case Bind() | Unbind():
                return self._bind(write)
            case Merge():
                return Result(write.key, Settled.REFUSED, code="NO_MERGE", said="Объединять не умею.")
            case Accept() | Decline() | LinkIncoming():
                return self._take_in(write)

    def _take_in(self, write: TakeIn) -> Result:
        """What came with it appears, or goes to the bin; hidden contacts stand in `hidden` until then."""
        row = self.rows[Kind.INCOMING].pop(write.incoming.id, None)
        if row is None:
            return Result(write.key, Settled.REFUSED, code="NOT_FOUND", said="Заявка не найдена.")
        if isinstance(write, Accept):
            self.rows[Kind.LEAD][row["lead"]] |= {"stage": write.stage, "owner": write.owner}
            shown = {one: self.hidden.pop(one) for one in row["contacts"] if one in self.hidden}
            self.rows[Kind.CONTACT] |= shown
        else:
            self.rows[Kind.LEAD].pop(row["lead"], None)
        return Result(write.key, Settled.DONE)

    def _create(self, write: Create) -> Result:
        if write.kind is Kind.STAGE and self._stage(write.values["ladder"], write.values["code"]):
            return Result(write.key, Settled.REFUSED, code="EXISTS", said="Такой статус уже есть.")
        self._next += 1
        record = str(self._next)
        values = copy.deepcopy(dict(write.values))
        if write.kind in READABLE:
            known = {name: value for name, value in values.items() if name in _FIELDS[write.kind]}
            values = values_of(record_from(write.kind, record, known))
        if write.kind in CARDS:
            values |= {"created": self._now(), "changed": self._now(), "created_by": US, "changed_by": US}
        self.rows[write.kind][record] = values
        self.marks[write.key] = (write.kind, record)
        return Result(write.key, Settled.DONE, new_id=record)

    def _change(self, write: Change) -> Result:
        row = self.rows[write.ref.kind].get(write.ref.id)
        if row is None:
            return Result(write.key, Settled.REFUSED, code="NOT_FOUND", said="Элемент не найден.")
        if write.ref.kind is Kind.LEAD and "stage" in write.values:
            stage = self._stage("leads", write.values["stage"])
            if stage is None:
                return Result(write.key, Settled.REFUSED, code="STAGE", said="Стадия не найдена.")
            row["outcome"], row["moved"] = stage["outcome"], self._now()
            self._fire(write)
        row |= copy.deepcopy(dict(write.values))
        if write.ref.kind in CARDS:
            row |= {"changed": self._now(), "changed_by": US}
        return Result(write.key, Settled.DONE)

    def _fire(self, write: Change) -> None:
        traces = [robot.trace for robot in self.robots if robot.stage == write.values["stage"]]
        self.found.setdefault(str(write.ref), []).extend(traces)

    def _delete(self, write: Delete) -> Result:
        row = self.rows[write.ref.kind].get(write.ref.id)
        if row is None:
            return Result(write.key, Settled.REFUSED, code="NOT_FOUND", said="Элемент не найден.")
        if write.ref.kind is Kind.STAGE and any(
            lead["stage"] == row["code"] for lead in self.rows[Kind.LEAD].values() if row["ladder"] == "leads"
        ):
            return Result(write.key, Settled.REFUSED, code="BUSY", said="There are active items in this status.")
        del self.rows[write.ref.kind][write.ref.id]
        if write.ref.kind in CARDS:
            self._take_along(write.ref)
        return Result(write.key, Settled.DONE)

    def _take_along(self, card: Ref) -> None:
        """What hangs on a removed card alone goes with it."""
        for kind in (Kind.COMMENT, Kind.TASK, Kind.PRODUCT):
            for row in self._on(kind, card):
                del self.rows[kind][row["id"]]
        for record, row in list(self.rows[Kind.ACTIVITY].items()):
            left = [one for one in _cards(row) if one != str(card)]
            if str(card) in _cards(row) and not left:
                del self.rows[Kind.ACTIVITY][record]
            elif str(card) in _cards(row):
                row |= {"bindings": left, "card": left[0]}

    def _bind(self, write: Bind | Unbind) -> Result:
        row = self.rows[Kind.ACTIVITY].get(write.activity.id)
        if row is None:
            return Result(write.key, Settled.REFUSED, code="NOT_FOUND", said="Дело не найдено.")
        bindings = [one for one in row["bindings"] or [row["card"]] if one != str(write.card)]
        if isinstance(write, Bind):
            bindings.append(str(write.card))
        elif not bindings:
            return Result(write.key, Settled.REFUSED, code="LAST_BINDING", said="Это последняя привязка.")
        row["bindings"] = bindings
        if row["card"] not in bindings:
            row["card"] = bindings[0]
        return Result(write.key, Settled.DONE)

    def _look(self, write: Write) -> Result:
        done = Result(write.key, Settled.DONE)
        absent = Result(write.key, Settled.NOT_EXECUTED)
        match write:
            case Create(kind=Kind.STAGE):
                row = self._stage(write.values["ladder"], write.values["code"])
                found = next((key for key, one in self.rows[Kind.STAGE].items() if one is row), None)
                return Result(write.key, Settled.DONE, new_id=found) if found else absent
            case Create():
                kind, record = self.marks.get(write.key, (write.kind, ""))
                return Result(write.key, Settled.DONE, new_id=record) if record in self.rows[kind] else absent
            case Change():
                row = self.rows[write.ref.kind].get(write.ref.id, {})
                return done if all(same(name, row.get(name), value) for name, value in write.values.items()) else absent
            case Delete():
                return absent if write.ref.id in self.rows[write.ref.kind] else done
            case Bind() | Unbind():
                bound = str(write.card) in (self.rows[Kind.ACTIVITY][write.activity.id]["bindings"] or [])
                return done if bound is isinstance(write, Bind) else absent
            case Merge():
                return absent
            case Accept() | Decline() | LinkIncoming():
                return absent if write.incoming.id in self.rows[Kind.INCOMING] else done

    def _stage(self, ladder: str, code: str) -> dict[str, Any] | None:
        rows = self.rows[Kind.STAGE].values()
        return next((row for row in rows if (row["ladder"], row["code"]) == (ladder, code)), None)

    def _now(self) -> str:
        return self.clock.now().isoformat()

    # -- what people do meanwhile

    def edit(self, ref: Ref, by: str = "7", **values: Any) -> None:
        """A person changes a card in the portal's own window."""
        moment: datetime = self.clock.now() + timedelta(seconds=1)
        self.rows[ref.kind][ref.id] |= values | {"changed": moment.isoformat(), "changed_by": by}


_CLASSES = {
    Kind.LEAD: Lead,
    Kind.CONTACT: Contact,
    Kind.COMPANY: Company,
    Kind.DEAL: Deal,
    Kind.ACTIVITY: Activity,
    Kind.STAGE: Stage,
    Kind.PIPELINE: Pipeline,
    Kind.SOURCE: Source,
    Kind.LOSS_REASON: LossReason,
    Kind.INCOMING: Incoming,
    Kind.USER: User,
    Kind.TEAM: Team,
}
_FIELDS = {kind: frozenset(item.name for item in dataclasses.fields(cls)) for kind, cls in _CLASSES.items()}


def _cards(row: Mapping[str, Any]) -> list[str]:
    return list(row.get("bindings") or [row["card"]])


def _address(row: Mapping[str, Any]) -> str:
    return str((row.get("letter") or {}).get("sender", ""))


def _fits(card: Lead | Deal, where: Where | None) -> bool:
    if where is None:
        return True
    since = where.changed_since
    recent = since is None or (card.changed is not None and card.changed >= since)
    return recent and (not where.stages or card.stage in where.stages)


def stage(number: int, code: str, name: str, outcome: Outcome = Outcome.OPEN, ladder: str = "leads") -> Stage:
    return Stage(id=str(number), ladder=ladder, code=code, name=name, sort=number * 10, colour=None, outcome=outcome)
