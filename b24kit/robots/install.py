"""What has to be put on a portal for its events to reach us, as operations to plan, apply and undo, and as steps that
only a person can do. Pure: what stands there now is handed in.

Polling needs nothing on the portal, and the plan says so. Whatever the manner, the sweep goes on: no message is relied
upon.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, UpdateRecord
from b24kit.change.plan import HandStep, LeftAlone
from b24kit.crm.portal import Capabilities, PortalFacts
from b24kit.crm.records import values_of
from b24kit.crm.refs import Kind
from b24kit.crm.subscription import Manner, Palette, Subscribing, Subscription
from b24kit.errors import Refused
from b24kit.robots.on_stages import automation_link
from b24kit.robots.spec_install import InstallSpec

_HEARD_BY_HAND = ("ONCRMLEADADD", "ONCRMLEADUPDATE", "ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMACTIVITYADD")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallDraft:
    """`manner` is how events will come once everything is done."""

    manner: Manner
    operations: tuple[Operation, ...] = ()
    steps: tuple[HandStep, ...] = ()
    left: tuple[LeftAlone, ...] = ()
    notes: tuple[Reason, ...] = ()
    wanted: tuple[Subscription, ...] = ()
    fields: tuple[str, ...] = ()  # those that rules need and cards have not, as people will read them
    views: tuple[tuple[str, str], ...] = ()  # views of cards that gates ask of, each with its state


def plan_install(
    spec: InstallSpec, portal: Subscribing, capabilities: Capabilities, facts: PortalFacts, *, receiver: bool
) -> InstallDraft:
    """The difference between what stands on the portal and what has to. `receiver`: there is a place to be told at.

    Refused when the playbook asks for a manner that this access or the portal's plan does not allow.
    """
    allowed = portal.manners()
    manner = _manner(spec, allowed, receiver=receiver)
    by_hand = manner is Manner.PUSHED and Manner.PUSHED not in allowed
    palette = _palette(spec, allowed, facts)
    wanted = portal.wanted_subscriptions(Manner.POLLED if by_hand else manner, palette)
    standing = portal.subscriptions() if wanted or Manner.PUSHED in allowed else []
    operations = tuple(_operations(wanted, standing, {one.code: one.label for one in palette}))
    return InstallDraft(
        manner=manner,
        operations=operations,
        steps=tuple(_steps(spec, capabilities, by_hand=by_hand)),
        left=tuple(_left(wanted, standing)),
        notes=tuple(_notes(manner, operations, wanted, by_hand=by_hand)),
        wanted=tuple(wanted),
    )


def _manner(spec: InstallSpec, allowed: Sequence[Manner], *, receiver: bool) -> Manner:
    if spec.delivery != "auto":
        asked = Manner(spec.delivery)
        if asked is Manner.PUSHED and not receiver:
            raise Refused("robots_no_receiver")
        if asked is Manner.QUEUED and asked not in allowed:
            raise Refused("robots_no_queue")
        return asked
    if receiver:  # without an application a person makes the outgoing webhook
        return Manner.PUSHED
    return Manner.QUEUED if Manner.QUEUED in allowed else Manner.POLLED


def _palette(spec: InstallSpec, allowed: Sequence[Manner], facts: PortalFacts) -> list[Palette]:
    found = [Palette("robot", one.code, one.name) for one in spec.robots]
    found += [Palette("trigger", one.code, one.name) for one in spec.triggers]
    if found and (facts.access != "application" or Manner.PUSHED not in allowed):
        raise Refused("robots_need_application", codes=", ".join(one.code for one in found))
    return found


def _operations(
    wanted: Iterable[Subscription], standing: Sequence[Subscription], labels: dict[str, str]
) -> Iterable[Operation]:
    for one in wanted:
        there = _find(one, standing)
        if there is None:
            label = {"label": labels[one.name]} if one.name in labels else {}
            yield CreateRecord(
                key=f"hear-{one.sort}-{one.name.lower()}",
                cluster="robots",
                phase=Phase.SETTINGS,
                reason=Reason("install.add", {"name": one.name, "sort": one.sort}),
                kind=Kind.SUBSCRIPTION,
                values=values_of(one) | label,
            )
        elif set(there.hears) != set(one.hears):
            yield UpdateRecord(
                key=f"hear-{one.sort}-{one.name.lower()}",
                cluster="robots",
                phase=Phase.SETTINGS,
                reason=Reason("install.change", {"name": one.name, "sort": one.sort}),
                ref=there.ref,
                before=values_of(there),
                after={"hears": list(one.hears)},
            )


def _find(one: Subscription, standing: Sequence[Subscription]) -> Subscription | None:
    """What already does this: of ours, of the same sort and name. A webhook of ours is known by its address."""
    return next((there for there in standing if there.ours and (there.sort, there.name) == (one.sort, one.name)), None)


def _left(wanted: Sequence[Subscription], standing: Sequence[Subscription]) -> Iterable[LeftAlone]:
    """What stands there besides: other people's, or ours from an address that is no more. Nothing of it is touched."""
    names = {(one.sort, one.name) for one in wanted}
    for there in standing:
        if not there.ours:
            facts = {"name": there.name, "address": there.address}
            yield LeftAlone(there.ref, Reason("install.foreign", facts))
        elif (there.sort, there.name) not in names:
            yield LeftAlone(there.ref, Reason("install.not_asked", {"name": there.name}))


def _steps(spec: InstallSpec, capabilities: Capabilities, *, by_hand: bool) -> Iterable[HandStep]:
    if by_hand:
        facts = {"events": ", ".join(_HEARD_BY_HAND)}
        yield HandStep(
            key="outgoing-webhook", code="step.outgoing_webhook", facts=facts, link="/devops/section/standard/",
            check="traffic",
        )  # fmt: skip
    for one in spec.robots:
        yield HandStep(
            key=f"place-{one.code}", code="step.place_robot", facts={"name": one.name},
            link=automation_link("leads"),
        )  # fmt: skip
    for one in spec.triggers:
        yield HandStep(
            key=f"place-{one.code}", code="step.place_trigger", facts={"name": one.name},
            link=automation_link("leads"),
        )  # fmt: skip
    if spec.mailboxes:
        link = "/settings/widgets/" if capabilities.keeps_incoming else "/mail/config/"
        yield HandStep(key="mailboxes", code="step.mailboxes", link=link)
    if capabilities.keeps_incoming and spec.mailboxes:
        yield HandStep(key="mail-hook", code="step.mail_hook", link="/leads/pipeline/")


def _notes(
    manner: Manner, operations: Sequence[Operation], wanted: Sequence[Subscription], *, by_hand: bool
) -> Iterable[Reason]:
    if by_hand:
        yield Reason("install.by_hand")
    else:
        yield Reason(f"install.{manner.value}")
    if wanted and not operations:
        yield Reason("install.stands", {"count": len(wanted)})


@dataclass(frozen=True, slots=True)
class Standing:
    """What should stand on the portal: `state` is there, missing, deaf (hears less), unknown (yet), by_hand or
    bare (a view of cards that nobody has saved for all)."""

    sort: str
    name: str
    state: str
    facts: dict[str, object] = field(default_factory=dict)


def verify_install(draft: InstallDraft, standing: Sequence[Subscription], heard: str | None) -> list[Standing]:
    """What of a plan's wish stands now, read from the portal. A webhook made by hand is judged by the messages that it
    brings; of robots on stages no reading tells.

    `heard` says when the last message of this portal came, None when none was ever seen.
    """
    found: list[Standing] = []
    for one in draft.wanted:
        there = _find(one, standing)
        deaf = there is not None and not set(one.hears) <= set(there.hears)
        # An account switches off a webhook that does not answer, and keeps it as one that hears nothing.
        off = there is not None and one.sort == "webhook" and not there.hears
        state = "missing" if there is None else "off" if off else "deaf" if deaf else "there"
        found.append(Standing(one.sort, one.name, state))
    found += [Standing("field", name, "missing") for name in draft.fields]
    found += [Standing("layout", named, state) for named, state in draft.views]
    for step in draft.steps:
        seen = step.check == "traffic" and heard is not None
        facts: dict[str, object] = {"when": heard} if seen else {}
        found.append(
            Standing("step", step.key, "heard" if seen else "unknown" if step.check == "traffic" else "by_hand", facts)
        )
    return found
