"""What this portal and these rights allow, what a person must do by hand, and what no API can: asked first of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from b24kit.crm.portal import Capabilities, PortalFacts
from b24kit.crm.refs import Kind

# Without these nothing works; the rest costs single abilities.
NEEDED_SCOPES = ("crm", "user_basic", "department")


class Verdict(StrEnum):
    CAN = "can"
    WARNING = "warning"
    BY_HAND = "by_hand"
    CANNOT = "cannot"
    BLOCKED = "blocked"


SIGNS = {Verdict.CAN: "+", Verdict.WARNING: "~", Verdict.BY_HAND: "!", Verdict.CANNOT: "=", Verdict.BLOCKED: "-"}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the examination: a catalogue code with its facts, and what it means for the work."""

    code: str
    verdict: Verdict
    facts: Mapping[str, Any] = field(default_factory=dict)


def examine(facts: PortalFacts, capabilities: Capabilities, clock_drift_seconds: float = 0.0) -> list[Check]:
    """Every check, in the order a person should read them. Pure: what it needs was read before."""
    return [
        *_access(facts),
        *_rights(facts),
        *_abilities(capabilities),
        *_by_hand(capabilities),
        *_cannot(capabilities),
        *_clock(clock_drift_seconds),
    ]


def blocked(checks: list[Check]) -> bool:
    """Whether the main job cannot start on this portal with these rights."""
    return any(check.verdict is Verdict.BLOCKED for check in checks)


def _access(facts: PortalFacts) -> Iterator[Check]:
    yield Check("doctor.access", Verdict.CAN, {"access": facts.access, "user": facts.user_name, "portal": facts.id})
    if facts.leads_on:
        yield Check("doctor.leads_on", Verdict.CAN)
    else:
        yield Check("doctor.leads_off", Verdict.BLOCKED)


def _rights(facts: PortalFacts) -> Iterator[Check]:
    if facts.admin:
        yield Check("doctor.admin", Verdict.CAN)
    else:
        yield Check("doctor.not_admin", Verdict.BLOCKED, {"user": facts.user_name})
    for scope in sorted(facts.missing_scopes):
        needed = scope in NEEDED_SCOPES
        yield Check(
            f"doctor.scope_{'needed' if needed else 'optional'}",
            Verdict.BLOCKED if needed else Verdict.WARNING,
            {"scope": scope},
        )
    if not facts.missing_scopes:
        yield Check("doctor.scopes", Verdict.CAN, {"n": len(facts.scopes)})


def _abilities(capabilities: Capabilities) -> Iterator[Check]:
    if Kind.STAGE in capabilities.deletes:
        coded = capabilities.own_stage_codes
        facts = {"limit": capabilities.stage_code_limit} if coded else {}
        yield Check("doctor.stages" if coded else "doctor.stages_named", Verdict.CAN, facts)
    if capabilities.native_gates:
        yield Check("doctor.gates", Verdict.CAN)
    if Kind.CONTACT in capabilities.quiet_creation:
        yield Check("doctor.quiet_creation", Verdict.CAN)


def _by_hand(capabilities: Capabilities) -> Iterator[Check]:
    yield Check("doctor.robots_on_stages", Verdict.BY_HAND)
    yield Check("doctor.mailboxes", Verdict.BY_HAND)
    if not capabilities.native_gates:
        yield Check("doctor.required_fields", Verdict.BY_HAND)


def _cannot(capabilities: Capabilities) -> Iterator[Check]:
    if capabilities.keeps_incoming:
        yield Check("doctor.incoming", Verdict.CANNOT)
    else:
        yield Check("doctor.conversion", Verdict.CANNOT)
    if Kind.LEAD not in capabilities.deletes:
        yield Check("doctor.no_deletion", Verdict.CANNOT)
    else:
        yield Check("doctor.recycle_bin", Verdict.CANNOT)
    if not capabilities.merges:
        yield Check("doctor.no_merges", Verdict.CANNOT)
    if Kind.LEAD in capabilities.deletes:
        yield Check("doctor.creation_dates", Verdict.CANNOT)


def _clock(drift: float) -> Iterator[Check]:
    if abs(drift) > 60:
        yield Check("doctor.clock_drift", Verdict.WARNING, {"seconds": round(drift)})
