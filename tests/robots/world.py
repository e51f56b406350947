"""A world of one card: what people do happens at its hour, what rules decide is carried out, the clock jumps on.

Nothing waits: the world goes from one happening or wake-up to the next and decides until nothing is left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from b24kit.crm.activity import Channel, Direction
from b24kit.crm.cards import Contact, Deal, Lead, PersonName
from b24kit.crm.pipeline import LEADS, Outcome, Pipeline, Stage, deals_ladder
from b24kit.crm.points import Point, PointKind
from b24kit.crm.refs import Kind, Ref
from b24kit.robots.decide import decide
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts, Move, OpenTask, Touch
from b24kit.robots.people import People
from b24kit.robots.rules import Rules
from tests.robots.staff import at, shown

_ROUNDS = 8  # a card that is not at rest after so many decisions at one moment never will be
Happening = Callable[[CardFacts], CardFacts]


@dataclass
class World:
    """`log` holds what was done, as (when, kind, what) in words that a table can be written in."""

    facts: CardFacts
    rules: Rules
    people: People
    log: list[tuple[str, str, str]] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    seen: list[Decision] = field(default_factory=list)

    def look(self, now: datetime) -> datetime | None:
        """Decide and carry out until nothing is left; the next wake-up."""
        for _ in range(_ROUNDS):
            found = decide(self.facts, self.rules, self.people, now)
            assert found == decide(self.facts, self.rules, self.people, now), "the same facts, another decision"
            assert found.wake is None or found.wake >= now, "a wake-up in the past"
            assert len({one.key for one in found.actions}) == len(found.actions), "one key twice"
            assert not self.facts.done & {one.key for one in found.actions}, "done again"
            self.seen.append(found)
            if not found.actions:
                return found.wake
            for action in found.actions:
                self.do(action, now)
        raise AssertionError(f"no rest: {[one.key for one in self.actions[-6:]]}")

    def run(self, start: datetime, until: datetime, happenings: Sequence[tuple[datetime, Happening]] = ()) -> World:
        """Live from `start` to `until`."""
        waiting = sorted(happenings, key=lambda one: one[0])
        now: datetime | None = start
        while now is not None and now <= until:
            while waiting and waiting[0][0] <= now:
                self.facts = waiting.pop(0)[1](self.facts)
            wake = self.look(now)
            assert wake is None or wake > now, "at rest and yet awake at once"
            ahead = [moment for moment in (wake, waiting[0][0] if waiting else None) if moment is not None]
            now = min(ahead, default=None)
        return self

    def do(self, action: Action, now: datetime) -> None:
        """What the portal would be after this action."""
        self.actions.append(action)
        self.log.append((shown(now), action.kind, _words(action)))
        self.facts = replace(
            _acted(self.facts, self.rules, action, now),
            done=self.facts.done | {action.key},
            done_at={**self.facts.done_at, action.key: now},
        )


def _acted(facts: CardFacts, rules: Rules, action: Action, now: datetime) -> CardFacts:
    values = action.values
    if action.kind == "assign":
        return replace(facts, card=replace(facts.card, owner=values["owner"], changed=now))
    if action.kind in ("move", "close"):
        extra = {**facts.card.extra, **values.get("fields", {})}
        return moved(values["stage"], rules, extra=extra)(facts, now)
    if action.kind == "fill":
        return replace(facts, card=replace(facts.card, extra={**facts.card.extra, **values["fields"]}, changed=now))
    if action.kind == "task":
        ref = Ref(Kind.TODO, str(len(facts.tasks) + 1))
        deadline = datetime.fromisoformat(values["deadline"])
        one = OpenTask(ref=ref, title=values["title"], deadline=deadline, marker=action.key, done=False)
        return replace(facts, tasks=(*facts.tasks, one))
    if action.kind == "finish":
        ticked = (replace(one, done=one.done or str(one.ref) == values["task"]) for one in facts.tasks)
        return replace(facts, tasks=tuple(ticked))
    if action.kind == "open_card":
        new = Deal(id=f"9{len(facts.deals)}", pipeline=values["ladder"].rpartition(":")[2], stage=values["stage"])
        return replace(facts, deals=(*facts.deals, new), linked=(*facts.linked, new.ref))
    if action.kind == "message" and rules.armed:
        return touch(Channel(values["channel"]), by=None)(facts, now)
    return facts


def _words(action: Action) -> str:
    values = action.values
    if action.kind == "task":
        return f"{values['title']} до {shown(datetime.fromisoformat(values['deadline']))}"
    if action.kind == "notice":
        return f"{values['user']} {action.reason.code.removeprefix('robots.')}"
    if action.kind == "open_card":
        return f"{values['ladder']} {values['stage']}"
    if action.kind == "comment":
        return action.reason.code.removeprefix("robots.")
    return str(values.get("stage") or values.get("owner") or values.get("channel") or values.get("fields"))


def touch(
    channel: Channel, direction: Direction = Direction.OUT, through: bool = False, by: str | None = "5"
) -> Callable[[CardFacts, datetime], CardFacts]:
    """Somebody called or wrote."""

    def happen(facts: CardFacts, now: datetime) -> CardFacts:
        ref = Ref(Kind.ACTIVITY, str(len(facts.touches) + 1))
        one = Touch(at=now, channel=channel, direction=direction, got_through=through, by=by, ref=ref)
        return replace(facts, touches=(*facts.touches, one))

    return happen


def moved(
    stage: str, rules: Rules, by: str | None = None, extra: Mapping[str, Any] | None = None
) -> Callable[[CardFacts, datetime], CardFacts]:
    """Somebody moved the card."""

    def happen(facts: CardFacts, now: datetime) -> CardFacts:
        standing = rules.stage(facts.ladder, stage)
        outcome = standing.outcome if standing is not None else Outcome.OPEN
        fields = facts.card.extra if extra is None else extra
        card = replace(facts.card, stage=stage, outcome=outcome, changed=now, extra=fields)
        return replace(facts, card=card, moves=(*facts.moves, Move(at=now, stage=stage, by=by)))

    return happen


def planned(deadline: datetime) -> Callable[[CardFacts, datetime], CardFacts]:
    """A person set himself a task."""

    def happen(facts: CardFacts, now: datetime) -> CardFacts:
        ref = Ref(Kind.TASK, str(len(facts.tasks) + 1))
        one = OpenTask(ref=ref, title="сам", deadline=deadline, marker="", done=False)
        return replace(facts, tasks=(*facts.tasks, one))

    return happen


def learned(**data: Any) -> Callable[[CardFacts, datetime], CardFacts]:
    """Somebody filled in fields of the card."""

    def happen(facts: CardFacts, now: datetime) -> CardFacts:
        return replace(facts, card=replace(facts.card, extra={**facts.card.extra, **data}, changed=now))

    return happen


def on(moment: str, what: Callable[[CardFacts, datetime], CardFacts]) -> tuple[datetime, Happening]:
    """A happening at `09.02 10:15`."""
    when = at(moment)
    return when, lambda facts: what(facts, when)


def ladder(name: str, *codes: str, won: str = "WON", lost: Sequence[str] = ("LOST",)) -> tuple[Stage, ...]:
    """The stages of a ladder: working ones, the success, the failures."""
    outcomes = [*((code, Outcome.OPEN) for code in codes), (won, Outcome.WON), *((code, Outcome.LOST) for code in lost)]
    return tuple(
        Stage(id=f"{name}-{code}", ladder=name, code=code, name=code.title(), sort=10 * n, colour=None, outcome=outcome)
        for n, (code, outcome) in enumerate(outcomes)
    )


STAGES = (
    *ladder(LEADS, "NEW", "REQUEST", "WAIT", "TALK", "OFFER", "LATER", lost=("LOST", "TRANSFER")),
    *ladder(deals_ladder("3"), "PARKED", "DUE", "IN_TALK"),
    *ladder(deals_ladder("4"), "M1", "M2", "M3"),
    *ladder(deals_ladder("5"), "REQUEST"),
)
PIPELINES = (
    Pipeline(id="3", name="Перспектива", sort=10),
    Pipeline(id="4", name="Рассылка", sort=20),
    Pipeline(id="5", name="Продажи", sort=30),
)


def lead(
    created: str, stage: str = "NEW", source: str | None = None, owner: str | None = "5", **extra: Any
) -> CardFacts:
    """A fresh lead of a client with a name, a phone and an e-mail address."""
    points = (Point(PointKind.PHONE, "+79160000001"), Point(PointKind.EMAIL, "petr@example.ru"))
    card = Lead(
        id="1",
        title="Заявка",
        owner=owner,
        created=at(created),
        stage=stage,
        source=source,
        points=points,
        name=PersonName("Пётр", "Сидоров"),
        extra=extra,
    )
    return facts_of(card, LEADS, created)


def deal(created: str, pipeline: str, stage: str, owner: str | None = "5", **extra: Any) -> CardFacts:
    """A fresh deal; the addresses are its contact's."""
    card = Deal(
        id="2",
        title="Сделка",
        owner=owner,
        created=at(created),
        pipeline=pipeline,
        stage=stage,
        extra=extra,
        contact="7",
    )
    points = (Point(PointKind.PHONE, "+79160000001"), Point(PointKind.EMAIL, "petr@example.ru"))
    contact = Contact(id="7", name=PersonName("Пётр", "Сидоров"), points=points)
    return replace(facts_of(card, deals_ladder(pipeline), created), contact=contact)


def facts_of(card: Lead | Deal, ladder_name: str, created: str) -> CardFacts:
    return CardFacts(
        card=card,
        ladder=ladder_name,
        moves=(Move(at=at(created), stage=card.stage, by=None),),
        touches=(),
        tasks=(),
        letters=(),
        contact=None,
        company=None,
        deals=(),
        linked=(),
        filled=frozenset(),
        done=frozenset(),
    )
