"""The fields that stages ask for, put on the cards: a section of their own in the view that everybody sees.

Nothing of what people have arranged is moved or taken away, and a field that stands in any section already is not put
there again. Views that nobody has saved yet cannot be added to; a person has to save them first. That a stage demands a
field stays a step for people as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, UpdateRecord
from b24kit.change.plan import HandStep
from b24kit.crm.cardfield import CardField, TellsFields
from b24kit.crm.layout import REPEAT, SIMPLE, Layout, deal_view, lead_view, standing_fields
from b24kit.crm.portal import Portal, PortalFacts
from b24kit.crm.refs import Kind, Ref
from b24kit.i18n import say
from b24kit.migrate.gates import BUILT_IN
from b24kit.playbook.dialects import field_of
from b24kit.playbook.robot_fields import FieldsDraft
from b24kit.playbook.ruleset import gates_with_ladders, names_on
from b24kit.playbook.schema import Playbook
from b24kit.robots.spec_gates import GateSpec

SECTION = "b24kit_gates"  # how our section is known again, whatever people call it
_ALWAYS = "1"  # shown while it is empty too


@dataclass(frozen=True, slots=True)
class LayoutDraft:
    """What has to be written. `views` tells every view that gates ask of, by people's word, and its state: there,
    missing (this plan writes it) or bare (nobody has saved it yet).
    """

    operations: tuple[Operation, ...] = ()
    steps: tuple[HandStep, ...] = ()
    notes: tuple[Reason, ...] = ()
    views: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Field:
    """A field that has to stand on a card: `needs` is the operation of this plan that makes it."""

    name: str
    label: str
    needs: str = ""


@dataclass(frozen=True, slots=True)
class _View:
    ref: Ref
    named: str
    fields: tuple[_Field, ...]


def draft_layout(playbook: Playbook, portal: Portal, facts: PortalFacts, made: FieldsDraft) -> LayoutDraft:
    """The difference between what gates ask for and what stands on the cards; `made` is what this plan adds to them.

    Empty where the vendor's cards have no such view, where the playbook does not want it, or where nobody may ask which
    fields there are (the plan says so already).
    """
    if not portal.capabilities.lays_out or not playbook.gates.on_card:
        return LayoutDraft()
    present = portal.card_fields() if isinstance(portal, TellsFields) else None
    asked = _asked(playbook) if present is not None else {}
    if not facts.leads_on:
        asked.pop(None, None)
    pipelines = _pipelines(playbook, portal, [name for name in asked if name is not None])
    unknown = [Reason("install.layout_no_pipeline", {"pipeline": one}) for one in asked if one and one not in pipelines]
    views = _views(playbook, portal, asked, pipelines, present or (), made)
    if not views:
        return LayoutDraft(notes=tuple(unknown))
    if not facts.admin:
        return LayoutDraft(notes=(Reason("install.layout_not_admin"),))
    return _drafted(playbook, views, portal.read([view.ref for view in views]), unknown)


def _drafted(
    playbook: Playbook, views: Sequence[_View], standing: Mapping[Ref, Any], unknown: Sequence[Reason]
) -> LayoutDraft:
    lang = playbook.language
    title = playbook.gates.section or say("layout.section", lang)
    operations: list[Operation] = []
    states: list[tuple[str, str]] = []
    bare = [view for view in views if view.ref not in standing]
    for view in views:
        layout = cast("Layout | None", standing.get(view.ref))
        change = None if layout is None else _change(view, layout, title)
        operations += [] if change is None else [change]
        states.append((view.named, "bare" if layout is None else "missing" if change is not None else "there"))
    there = [named for named, state in states if state == "there"]
    notes = [Reason("install.layout_for_all")] if operations else []
    notes += [Reason("install.layout_stands", {"views": ", ".join(there)})] if there and not operations else []
    steps = (_step(bare),) if bare else ()
    return LayoutDraft(tuple(operations), steps, (*notes, *unknown), tuple(states))


def _change(view: _View, layout: Layout, title: str) -> UpdateRecord | None:
    """Our section with the fields that stand nowhere on the card; None when all of them do.

    The whole view is the before-image: who arranges the card meanwhile is not written over.
    """
    standing = standing_fields(layout.sections)
    lacking = [one for one in view.fields if one.name not in standing]
    if not lacking:
        return None
    ours = layout.sections.get(SECTION) or {"title": title, "type": "section", "elements": []}
    elements = [*ours["elements"], *({"name": one.name, "optionFlags": _ALWAYS} for one in lacking)]
    kept = {name: dict(section) for name, section in layout.sections.items()}
    return UpdateRecord(
        key=f"layout-{view.ref.id.replace('/', '-')}",
        cluster=f"layout-{view.ref.id.replace('/', '-')}",
        phase=Phase.SETTINGS,
        needs=tuple(dict.fromkeys(one.needs for one in lacking if one.needs)),
        reason=Reason(
            "install.layout",
            {"view": view.named, "section": ours["title"], "fields": ", ".join(one.label for one in lacking)},
        ),
        ref=view.ref,
        before={"sections": {SECTION: None} | kept},
        after={"sections": {SECTION: {**ours, "elements": elements}}},
    )


def _step(bare: Sequence[_View]) -> HandStep:
    labels = dict.fromkeys(one.label for view in bare for one in view.fields)
    facts = {"views": ", ".join(view.named for view in bare), "fields": ", ".join(labels)}
    kind, _, part = bare[0].ref.id.partition("/")
    query = f"?category_id={part}" if kind == Kind.DEAL.value else ""
    return HandStep(key="card-view", code="step.card_view", facts=facts, link=f"/crm/{kind}/details/0/{query}")


def _asked(playbook: Playbook) -> dict[str | None, tuple[str, ...]]:
    """By pipeline (None: leads) the data that its gates ask for, in the playbook's order."""
    found: dict[str | None, dict[str, None]] = {}
    for gate in gates_with_ladders(playbook).gates:
        found.setdefault(gate.pipeline, {}).update(dict.fromkeys(_data(gate)))
    return {pipeline: tuple(data) for pipeline, data in found.items() if data}


def _data(gate: GateSpec) -> Iterator[str]:
    yield from (*gate.leave, *gate.enter)
    for question in gate.questions:
        yield from question.ask


def _pipelines(playbook: Playbook, portal: Portal, asked: Sequence[str]) -> dict[str, str]:
    """The playbook's names of pipelines that are on the portal, and their ids."""
    if not asked:
        return {}
    present = portal.pipelines()
    known = dict(names_on(playbook, portal.stages(), present, portal.capabilities).pipelines)
    known |= {name: one.id for name in asked for one in present if name in (one.id, one.name)}
    return {name: known[name] for name in asked if name in known}


def _views(
    playbook: Playbook,
    portal: Portal,
    asked: Mapping[str | None, tuple[str, ...]],
    pipelines: Mapping[str, str],
    present: Sequence[CardField],
    made: FieldsDraft,
) -> list[_View]:
    """Each view once, also where gates call one pipeline by two names."""
    lang = playbook.language
    found: dict[Ref, _View] = {}
    for pipeline, data in asked.items():
        kind = Kind.LEAD if pipeline is None else Kind.DEAL
        fields = tuple(_fields(playbook, portal, kind, data, present, made))
        named = {lead_view(SIMPLE): "layout.leads_simple", lead_view(REPEAT): "layout.leads_repeat"}
        if pipeline is not None:
            named = {deal_view(pipelines[pipeline]): "layout.deals"} if pipeline in pipelines else {}
        for ref, code in named.items() if fields else ():
            before = found[ref].fields if ref in found else ()
            both = {one.name: one for one in (*before, *fields)}
            found[ref] = _View(ref, say(code, lang, pipeline=pipeline or ""), tuple(both.values()))
    return list(found.values())


def _fields(
    playbook: Playbook,
    portal: Portal,
    kind: Kind,
    data: Sequence[str],
    present: Sequence[CardField],
    made: FieldsDraft,
) -> Iterator[_Field]:
    """The fields of this sort of cards that hold these data; what the client's own card holds stays there."""
    specs = {spec.datum: spec for spec in playbook.fields}
    mine = [one for one in present if one.kind is kind]
    for datum in data:
        names = playbook.gates.fields.get(datum, ())
        if datum in BUILT_IN:
            continue
        there = field_of(datum, specs.get(datum), names, mine)
        new = _made(made, kind, names[0]) if names and there is None else None
        if there is not None:
            yield _Field(there.key, there.label or there.code)
        elif new is not None:
            target = portal.field_place(new.target, new.values)[1]
            yield _Field(target, str(new.values["label"]), new.key)


def _made(made: FieldsDraft, kind: Kind, name: str) -> CreateRecord | None:
    creations = (one for one in made.operations if isinstance(one, CreateRecord))
    return next((one for one in creations if (one.values["card_kind"], one.values["code"]) == (kind.value, name)), None)
