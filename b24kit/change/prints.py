"""Fingerprints of a portal's settings, and its facts as JSON: how a plan notices that the portal has moved on."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from b24kit.crm.portal import PortalFacts, PortalReads
from b24kit.crm.records import Record, fingerprint, ref_of, values_of


def settings_prints(records: Iterable[Record]) -> dict[str, str]:
    """The fingerprint of each stage, pipeline or source, by its reference."""
    return {str(ref_of(record)): fingerprint(values_of(record)) for record in records}


def present_settings(portal: PortalReads) -> dict[str, Record]:
    """Every stage, pipeline and source of the portal as it is now, by reference."""
    found: list[Record] = [*portal.stages(), *portal.pipelines(), *portal.sources()]
    return {str(ref_of(record)): record for record in found}


def settings_hash(prints: Mapping[str, str]) -> str:
    """One hash of all those fingerprints; the order they were read in does not matter."""
    lines = "\n".join(f"{ref} {seal}" for ref, seal in sorted(prints.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def encode_facts(facts: PortalFacts) -> dict[str, Any]:
    """Facts as JSON values."""
    values = dataclasses.asdict(facts)
    values["scopes"], values["missing_scopes"] = sorted(facts.scopes), sorted(facts.missing_scopes)
    values["now"] = facts.now.isoformat()
    return values


def decode_facts(values: Mapping[str, Any]) -> PortalFacts:
    """The facts that `encode_facts` took apart; fields of a newer version are left out."""
    known = {item.name for item in dataclasses.fields(PortalFacts)}
    kept = {name: value for name, value in values.items() if name in known}
    kept["scopes"], kept["missing_scopes"] = frozenset(kept["scopes"]), frozenset(kept["missing_scopes"])
    kept["now"] = datetime.fromisoformat(kept["now"])
    return PortalFacts(**kept)
