"""One card in a plan, explained: whose it is, who gets it and by which rule, where it goes and why.

Ends arguments about a single card without reading the whole plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from b24kit.change.intake import Intake, standing_on
from b24kit.change.merging import MergeRecords
from b24kit.change.operation import BindLetter, CreateRecord, Operation, Reason, UpdateRecord
from b24kit.change.plan import Plan
from b24kit.crm.incoming import Incoming
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind, Ref
from b24kit.i18n import Language, say
from b24kit.reports.wording import card_text, kept_lines, reason_text, stage_name

Find = Callable[[Ref], Record | None]
SHOWN_SIBLINGS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CardStory:
    """What a plan says of one card; empty texts where it says nothing."""

    card: Ref
    title: str = ""
    client: Ref | None = None
    client_name: str = ""
    together: tuple[str, ...] = ()  # other leads of the same client
    owner: str = ""
    rule: Reason | None = None  # that chose the owner
    stages: tuple[str, str] | None = None  # codes: from, to
    why: tuple[Reason, ...] = ()
    also: tuple[Operation, ...] = ()  # what else is done for the same client
    left: tuple[Reason, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the plan speaks of this card at all."""
        return bool(self.why or self.left or self.client)


def card_story(plan: Plan, card: Ref, find: Find) -> CardStory:
    """Gather what a plan says of a card; `find` reads a card as it was when the plan was made."""
    own = [one for one in plan.operations if card in _about(one)]
    own += [one for one in plan.operations if isinstance(one, MergeRecords) and card in one.losers]
    update = next((one for one in own if isinstance(one, UpdateRecord)), None)
    clusters = {one.cluster for one in own if one.cluster}
    also = [one for one in plan.operations if one.cluster in clusters and _for_client(one)]
    client = _client(plan, card)
    owner = str(update.after["owner"]) if update is not None and update.after.get("owner") else _maker_owner(also)
    return CardStory(
        card=card,
        title=_called(find(card)),
        client=client,
        client_name=_client_name(client, also, find),
        together=_siblings(plan, card, client),
        owner=plan.names.get(f"user:{owner}", owner),
        rule=_rule([one.reason for one in (*own, *also)]),
        stages=_stages(update),
        why=tuple(one.reason for one in own),
        also=tuple(also),
        left=tuple(one.reason for one in plan.left if one.ref == card or _stands_on(one.ref, card, find)),
    )


def _about(one: Operation) -> tuple[Ref, ...]:
    """The card of an operation; an incoming lead also goes by the number of the lead that it stands on."""
    return (one.target, standing_on(one)) if isinstance(one, Intake) and one.before.get("lead") else (one.target,)


def _stands_on(ref: Ref, card: Ref, find: Find) -> bool:
    record = find(ref) if ref.kind is Kind.INCOMING and card.kind is Kind.LEAD else None
    return isinstance(record, Incoming) and record.lead == card.id


def story_lines(story: CardStory, plan: Plan, lang: Language) -> list[str]:
    """The story as lines for a screen."""
    lines = [_heading(story, lang)]
    if not story.known:
        return [*lines, "  " + say("explain.nothing", lang)]
    if story.client is not None:
        lines.append("  " + say("explain.client", lang, client=_client_text(story, lang)))
    if story.together:
        shown = ", ".join(story.together[:SHOWN_SIBLINGS]) + (", …" if len(story.together) > SHOWN_SIBLINGS else "")
        lines.append("  " + say("explain.together", lang, leads=shown, n=len(story.together)))
    if story.rule is not None:
        lines.append("  " + say("explain.owner", lang, why=reason_text(story.rule, lang, plan.names)))
    elif story.owner:
        lines.append("  " + say("explain.owner", lang, why=story.owner))
    if story.stages is not None:
        old, new = (stage_name(code, plan.names) for code in story.stages)
        lines.append("  " + say("explain.stage", lang, old=old, new=new))
    lines += ["  " + say("explain.why", lang, why=reason_text(one, lang, plan.names)) for one in story.why]
    lines += [
        "  " + say("explain.kept", lang, what=what)
        for one in (*story.why, *(also.reason for also in story.also))
        for what in kept_lines(one, lang)
    ]
    lines += ["  " + say("explain.left", lang, why=reason_text(one, lang, plan.names)) for one in story.left]
    lines += [f"  {one.symbol} {reason_text(one.reason, lang, plan.names)}" for one in story.also[:SHOWN_SIBLINGS]]
    if len(story.also) > SHOWN_SIBLINGS:
        lines.append("  " + say("explain.more", lang, n=len(story.also) - SHOWN_SIBLINGS))
    return lines


def _heading(story: CardStory, lang: Language) -> str:
    text = card_text(story.card, lang)
    return text[:1].upper() + text[1:] + (f" «{story.title}»" if story.title else "")


def _client_text(story: CardStory, lang: Language) -> str:
    assert story.client is not None
    name = f" «{story.client_name}»" if story.client_name else ""
    return card_text(story.client, lang) + name


def _client(plan: Plan, card: Ref) -> Ref | None:
    text = plan.assignment.get(card.id) if card.kind is Kind.LEAD else None
    return Ref.parse(text) if text else None


def _client_name(client: Ref | None, also: list[Operation], find: Find) -> str:
    if client is None:
        return ""
    for operation in also:
        if isinstance(operation, CreateRecord) and operation.target == client:
            return str(operation.reason.facts.get("name") or operation.reason.facts.get("domain") or "")
    return "" if client.is_new else _called(find(client))


def _siblings(plan: Plan, card: Ref, client: Ref | None) -> tuple[str, ...]:
    """The other leads of the same client."""
    return tuple(lead for lead, of in plan.assignment.items() if of == str(client) and lead != card.id)


def _called(record: Record | None) -> str:
    return str(getattr(record, "title", "") or getattr(record, "name", "") or "")


def _for_client(operation: Operation) -> bool:
    return isinstance(operation, CreateRecord | BindLetter)


def _maker_owner(also: list[Operation]) -> str:
    owners = (one.values.get("owner") for one in also if isinstance(one, CreateRecord))
    return next((str(owner) for owner in owners if owner), "")


def _rule(reasons: list[Reason]) -> Reason | None:
    """The owner's rule, which clean-up writes beside its own reason as `owner_rule` and `owner_*` facts."""
    for reason in reasons:
        code = reason.facts.get("owner_rule")
        if code:
            facts = {name.removeprefix("owner_"): value for name, value in reason.facts.items() if name != "owner_rule"}
            return Reason(str(code), facts)
    return None


def _stages(update: UpdateRecord | None) -> tuple[str, str] | None:
    if update is None or "stage" not in update.after:
        return None
    return str(update.before["stage"]), str(update.after["stage"])
