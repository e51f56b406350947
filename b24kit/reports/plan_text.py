"""A plan as a manager can read it: what changes, what people must do, what stays, what it costs, what cannot be undone.

Every line opens with a sign, so that it survives a log file without colours: `+` create, `~` change, `-` remove,
`>` move cards, `!` a step for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from b24kit.change.backup import Manifest
from b24kit.change.guard import TAP
from b24kit.change.intake import AcceptIncoming, AttachIncoming, DeclineIncoming, Intake
from b24kit.change.merging import MergeRecords
from b24kit.change.operation import (
    TALK,
    BindLetter,
    CreateRecord,
    Operation,
    Reason,
    RemoveRecord,
    UnbindLetter,
    UpdateRecord,
)
from b24kit.change.plan import HandStep, Plan
from b24kit.change.recreation import losses
from b24kit.change.removal import kept_cards
from b24kit.change.snapshot import Difference
from b24kit.crm.portal import Capabilities, Cost
from b24kit.crm.refs import Kind
from b24kit.i18n import Language, number, say
from b24kit.reports.wording import card_text, field_name, reason_text, stage_name, worded

SETTINGS = (
    *(Kind.STAGE, Kind.PIPELINE, Kind.SOURCE, Kind.FIELD, Kind.GATE, Kind.LOSS_REASON, Kind.SUBSCRIPTION, Kind.LAYOUT),
)
SHOWN_LEFT = 12
SAMPLES = 3
_ONE_CARD = frozenset({"id", "address", "name", "subject", "contact", "contacts", "card"})
_Group = tuple[str, tuple[tuple[str, Any], ...]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plan: its sign, and the words."""

    sign: str
    text: str


def plan_lines(plan: Plan, lang: Language) -> Iterator[Line]:
    """The body of a plan, settings first, then cards by what happens to them."""
    for operation in plan.operations:
        if operation.target.kind in SETTINGS:
            yield _setting_line(operation, plan, lang)
    yield from _move_lines(plan, lang)
    for (sign, what), count in sorted(_counted(plan).items()):
        yield Line(sign, say(f"plan.{what}", lang, n=count))
    for index, step in enumerate(plan.steps, 1):
        answered = "" if step.answer is None else " " + say("plan.answered", lang, answer=step.answer)
        asking = "plan.answer_tap" if step.check == TAP else "plan.answer_with"
        asked = " " + say(asking, lang, key=step.key) if step.blocking and step.answer is None else ""
        yield Line("!", f"{index}. {step_text(step, plan, lang)}{answered}{asked}")


def step_text(step: HandStep, plan: Plan, lang: Language) -> str:
    """A step for a person with the address of the page where it is done."""
    link = f" https://{plan.portal_id}{step.link}" if step.link else ""
    return say(step.code, lang, **worded(step.facts, lang, plan.names)) + link


def difference_line(difference: Difference, plan: Plan, lang: Language) -> str:
    """What does not stand as a run left it, in people's words."""
    card = card_text(difference.ref, lang)
    if not difference.field:
        return say("verify.gone" if difference.after is None else "verify.there_again", lang, ref=card)
    wanted, found = (_value(difference.field, value, plan) for value in (difference.before, difference.after))
    return say("verify.row", lang, ref=card, field=field_name(difference.field, lang), wanted=wanted, found=found)


def _value(field: str, value: Any, plan: Plan) -> str:
    if field == "owner":
        return plan.names.get(f"user:{value}", str(value))
    if field == "sections" and isinstance(value, Mapping):
        return ", ".join(str(one["title"]) for one in value.values() if one) or "—"
    return stage_name(str(value), plan.names) if field == "stage" else "—" if value is None else str(value)


def left_lines(plan: Plan, lang: Language) -> Iterator[str]:
    """Why some cards in scope stay as they are, the largest reason first; what tells card from card is sampled."""
    counts: Counter[_Group] = Counter()
    samples: dict[_Group, dict[str, list[str]]] = {}
    for left in plan.left:
        group = (left.reason.code, tuple(sorted(_shared(left.reason.facts, lang).items())))
        counts[group] += 1
        for name, value in _single(left.reason.facts).items():
            seen = samples.setdefault(group, {}).setdefault(name, [])
            if value not in seen:
                seen.append(value)
    for (code, facts), count in counts.most_common(SHOWN_LEFT):
        seen_in = samples.get((code, facts), {})
        named = {name: _sampled(name, values, plan, lang) for name, values in seen_in.items()}
        yield f"{number(count, lang):>7}  {say(code, lang, **worded(dict(facts), lang, plan.names), **named)}"
    if len(counts) > SHOWN_LEFT:
        yield say("plan.more_reasons", lang, n=len(counts) - SHOWN_LEFT)


def note_lines(plan: Plan, lang: Language) -> Iterator[str]:
    """What the plan wants said: why nothing is to be done, what could not be previewed."""
    for note in plan.notes:
        yield reason_text(note, lang, plan.names)


def final_lines(plan: Plan, capabilities: Capabilities, lang: Language) -> Iterator[str]:
    """What is done for good, in one line a reason."""
    reasons = Counter((entry.code, entry.ref.kind.value) for entry in plan.no_way_back(capabilities))
    for (code, kind), count in reasons.items():
        yield f"{number(count, lang):>7}  {say(code, lang, kind=say(f'kind.{kind}', lang))}"


def again_lines(plan: Plan, lang: Language) -> Iterator[str]:
    """What undoing a removal cannot bring back, as far as it is known before the cards are copied."""
    cards = len(kept_cards(plan))
    if cards:
        known = losses(Manifest(cards=cards, parts={}, bytes=0))
        for reason in [*known, Reason("recreation.loses.unknown_yet")]:
            yield reason_text(reason, lang)


def closing_lines(plan: Plan, capabilities: Capabilities, lang: Language) -> list[str]:
    """The last two lines: fixed words, so that they can be searched for in a log."""
    if plan.empty:
        return [say("plan.nothing", lang, steps=len(plan.steps))]
    counts = plan.counts()
    first = say(
        "plan.closing",
        lang,
        create=counts.get("+", 0),
        change=counts.get("~", 0),
        move=counts.get(">", 0),
        remove=counts.get("-", 0),
        steps=len(plan.steps),
    )
    lost = len(plan.no_way_back(capabilities))
    undo = say("plan.undo_full", lang) if not lost else say("plan.undo_partial", lang, n=lost)
    return [first, f"{cost_line(plan.cost, lang)} {undo}"]


def cost_line(cost: Cost, lang: Language) -> str:
    """Requests, running time of methods, and wall time at this portal's limits."""
    low, high = duration(cost.seconds_low, lang), duration(cost.seconds_high, lang)
    return say(
        "plan.cost",
        lang,
        requests=cost.requests,
        running=duration(cost.running_seconds, lang),
        total=low if low == high else f"{low} – {high}",
    )


def duration(seconds: float, lang: Language) -> str:
    """A time span as people say it: 40 s, 6 min, 2 h 5 min."""
    if seconds < 90:
        return say("time.seconds", lang, n=max(1, round(seconds)))
    minutes = round(seconds / 60)
    if minutes < 90:
        return say("time.minutes", lang, n=minutes)
    return say("time.hours", lang, n=minutes // 60, minutes=minutes % 60)


def _setting_line(operation: Operation, plan: Plan, lang: Language) -> Line:
    kind = say(f"kind.{operation.target.kind.value}", lang)
    if isinstance(operation, CreateRecord):
        values = operation.values
        if operation.kind is Kind.SUBSCRIPTION:
            return Line("+", _subscription(values, lang))
        name = values.get("name") or values.get("label") or ""
        return Line("+", " ".join(filter(None, (kind, f"«{name}»", f"({values['code']})" if "code" in values else ""))))
    if isinstance(operation, UpdateRecord):
        if operation.ref.kind is Kind.GATE:
            return Line("~", reason_text(operation.reason, lang, plan.names))
        if operation.ref.kind is Kind.LAYOUT:
            why = reason_text(operation.reason, lang, plan.names)
            named = "" if "view" in operation.reason.facts else f" {operation.ref.id}:"
            return Line("~", f"{kind}{named} {why}")
        return Line("~", f"{kind} {_changes(operation, plan, lang)}")
    if isinstance(operation, RemoveRecord) and operation.ref.kind is Kind.SUBSCRIPTION:
        return Line("-", _subscription(operation.before, lang))
    if isinstance(operation, RemoveRecord):
        name = operation.before.get("name") or operation.before.get("label") or operation.ref.id
        return Line("-", f"{kind} «{name}»")
    return Line(operation.symbol, f"{kind} {operation.target}")


def _subscription(values: Mapping[str, Any], lang: Language) -> str:
    """What stands on the portal so that we hear of events; an address says its host and no more."""
    name = values["name"] if values["sort"] != "webhook" else ", ".join(values.get("hears") or ())
    label = f" «{values['label']}»" if values.get("label") else ""
    where = f" → {values['address']}" if values.get("address") else ""
    sort = say(f"subscription.{values['sort']}", lang)
    return f"{sort} {name}{label}{where}"


def _changes(operation: UpdateRecord, plan: Plan, lang: Language) -> str:
    """`«old» → «new», order 20 → 30`; the name stands first even when it stays."""
    before, after = operation.before, operation.after
    name = before.get("name") or plan.names.get(str(operation.ref)) or operation.reason.facts.get("stage")
    name = name or operation.ref.id
    named = f"«{name}» → «{after['name']}»" if "name" in after else f"«{name}»"
    rest = [
        f"{field_name(one, lang)} {_listed(before[one])} → {_listed(after[one])}"
        for one in after
        if one not in ("name", "prompts")
    ]
    if "prompts" in after:
        rest.append(say("design.prompts_written", lang, n=len(after["prompts"])))
    return ", ".join([named, *rest])


def _move_lines(plan: Plan, lang: Language) -> Iterator[Line]:
    moves: Counter[tuple[str, str, str]] = Counter()
    for operation in plan.operations:
        if isinstance(operation, UpdateRecord) and operation.moves:
            ladder = _ladder(operation)
            moves[(ladder, str(operation.before["stage"]), str(operation.after["stage"]))] += 1
    for (ladder, old, new), count in moves.most_common():
        names = [plan.names.get(f"stage:{ladder}:{code}", code) for code in (old, new)]
        yield Line(">", say("plan.moves", lang, n=count, old=names[0], new=names[1]))


def _ladder(operation: UpdateRecord) -> str:
    if operation.ref.kind is Kind.LEAD:
        return "leads"
    return f"deals:{operation.after.get('pipeline') or operation.before.get('pipeline') or '0'}"


def _counted(plan: Plan) -> Counter[tuple[str, str]]:
    """Everything that is neither a setting nor a move, by sign and catalogue word (`create_contact`, ...)."""
    found: Counter[tuple[str, str]] = Counter()
    for operation in plan.operations:
        kind = operation.target.kind
        if kind in SETTINGS or (isinstance(operation, UpdateRecord) and operation.moves):
            continue
        found[(operation.symbol, f"{_verb(operation)}_{kind.value}")] += 1
    return found


_INTAKE: dict[type[Operation], str] = {AcceptIncoming: "accept", DeclineIncoming: "decline", AttachIncoming: "attach"}


def _verb(operation: Operation) -> str:
    if isinstance(operation, CreateRecord):
        return "create"
    if isinstance(operation, BindLetter | UnbindLetter):
        word = "bind" if isinstance(operation, BindLetter) else "unbind"
        on_lead = operation.card.kind is Kind.LEAD and operation.activity.kind is Kind.ACTIVITY
        talk = operation.reason.code.endswith(TALK)
        return "".join((word, "_lead" if on_lead else "", TALK if talk else ""))
    if isinstance(operation, MergeRecords):
        return "merge"
    if isinstance(operation, Intake):
        return _INTAKE[type(operation)]
    return "remove" if isinstance(operation, RemoveRecord) else "change"


def _single(facts: Mapping[str, Any]) -> dict[str, str]:
    """Facts that name one card: not a reason of their own."""
    return {name: str(value) for name, value in facts.items() if name in _ONE_CARD}


def _shared(facts: Mapping[str, Any], lang: Language) -> dict[str, Any]:
    """Facts that are the same for many cards: a stage, a class. A number stays one: its plural hangs on it."""
    shared = {name: value for name, value in facts.items() if name not in _ONE_CARD}
    return {name: _said(name, value, lang) for name, value in shared.items()}


def _said(name: str, value: Any, lang: Language) -> Any:
    if name == "fields":
        return ", ".join(field_name(str(one), lang) for one in value)
    return value if type(value) is int else str(value)


def _sampled(name: str, values: Sequence[str], plan: Plan, lang: Language) -> str:
    more = len(values) - SAMPLES
    shown = [str(worded({name: value}, lang, plan.names)[name]) for value in values[:SAMPLES]]
    return ", ".join(shown) + (", …" if more > 0 else "")


def _listed(value: Any) -> Any:
    """A list without the brackets of a program; an empty one as a dash."""
    return (", ".join(map(str, value)) or "—") if isinstance(value, list | tuple) else value
