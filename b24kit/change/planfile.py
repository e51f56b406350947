"""A plan in a file that may be passed round: versioned JSON, mode 600, no secret, and by default no personal data.

The masked file goes with a sidecar in the runs directory, named by the plan's id and known by its hash, that holds the
full values; without it the file can be read by people but not applied.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from b24kit.change.plan import Plan
from b24kit.change.planform import body_of, canonical, plan_of, seal_of
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.errors import UsageError

FORMAT = "b24kit-plan"
MAJOR, MINOR = 1, 0
MASK = "***"

_SETTINGS = frozenset(
    {
        *(Kind.STAGE, Kind.PIPELINE, Kind.SOURCE, Kind.FIELD, Kind.GATE, Kind.LOSS_REASON, Kind.SUBSCRIPTION),
        *(Kind.USER, Kind.TEAM, Kind.LAYOUT),
    }
)
# Fields that say nothing of a person; everything else on a card, a letter or a comment is masked.
_OPEN_FIELDS = frozenset(
    {"stage", "outcome", "owner", "source", "pipeline", "contact", "company", "companies", "lead", "origin", "repeat"}
    | {"created", "created_by", "changed", "changed_by", "moved", "last_activity", "amount", "currency", "done"}
    | {"channel", "direction", "card", "bindings", "start", "deadline", "responsible", "user", "tag"}
)
_PERSONAL_FACTS = frozenset(
    {"name", "email", "phone", "address", "title", "subject", "text", "sender", "person"}
    | {"kept", "added", "why_ru", "why_en"}
)
_LOOKS_PERSONAL = re.compile(r"\S@\S|(?<!\d)(?!\d{4}-\d\d-\d\d)\+?\d[\d\s()-]{8,}\d")


def save(plan: Plan, path: Path, *, store: Path, personal: bool = False) -> None:
    """Write the plan to `path`; `personal` embeds names, points and texts, else they go to a sidecar in `store`.

    Both files have mode 600 and appear whole or not at all.
    """
    body = json.loads(canonical(body_of(plan)))
    head = {"format": f"{FORMAT}/{MAJOR}.{MINOR}", "masked": not personal, "seal": seal_of(body)}
    if not personal:
        write_private(sidecar(store, plan.id), canonical(body))
    shown = body if personal else masked(body)
    write_private(path, json.dumps(head | {"plan": shown}, ensure_ascii=False, indent=1))


def load(path: Path, *, store: Path) -> Plan:
    """The plan of a file; UsageError when it is of a newer major format, was edited, or its sidecar is missing."""
    document = _document(path)
    shown: dict[str, Any] = document["plan"]
    body = shown
    if document.get("masked"):
        body = _sidecar_body(sidecar(store, str(shown.get("id"))), path)
    edited = seal_of(body) != document.get("seal") or (document.get("masked") and masked(body) != shown)
    if edited:
        raise UsageError("plan.edited", file=path.name)
    return plan_of(body)


def peek(path: Path) -> Plan:
    """The plan as the file shows it, masked values and all: good for reading, never for applying."""
    return plan_of(_document(path)["plan"])


def sidecar(store: Path, plan_id: str) -> Path:
    """Where the full values of a masked plan stand."""
    if not re.fullmatch(r"[\w-]+", plan_id):
        raise UsageError("plan.unreadable", why="id")
    return store / "plans" / f"{plan_id}.json"


def masked(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with everything personal masked, its shape kept."""
    return dict(body) | {
        "operations": [_masked_operation(item) for item in body["operations"]],
        "left": [item | {"reason": _masked_reason(item["reason"])} for item in body["left"]],
        "notes": [_masked_reason(item) for item in body["notes"]],
        "steps": [item | {"facts": _masked_facts(item["facts"], ())} for item in body["steps"]],
        "names": {ref: _masked_name(ref, name) for ref, name in body.get("names", {}).items()},
    }


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 600 that appears whole or not at all, even when the machine stops in between."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError("plan.no_file", file=path.name) from error
    except (ValueError, OSError) as error:
        raise UsageError("plan.unreadable", why=type(error).__name__) from error
    version = re.fullmatch(rf"{FORMAT}/(\d+)(\.\d+)?", str(document.get("format", ""))) if _is_plan(document) else None
    if version is None:
        raise UsageError("plan.not_a_plan", file=path.name)
    if int(version[1]) != MAJOR:
        raise UsageError("plan.other_format", file=path.name, format=document["format"])
    return dict(document)


def _is_plan(document: Any) -> bool:
    return isinstance(document, dict) and isinstance(document.get("plan"), dict)


def _sidecar_body(path: Path, plan_file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise UsageError("plan.no_sidecar", file=plan_file.name, sidecar=path.name) from error
    except ValueError as error:
        raise UsageError("plan.unreadable", why=path.name) from error


def _masked_operation(body: Mapping[str, Any]) -> dict[str, Any]:
    kind = Kind(body["kind"]) if "kind" in body else Ref.parse(body.get("ref", "activity:0")).kind
    found = dict(body) | {"reason": _masked_reason(body["reason"])}
    for part in ("values", "before", "after", "remake"):
        if body.get(part) and kind not in _SETTINGS:
            found[part] = {name: v if name in _OPEN_FIELDS or not v else MASK for name, v in body[part].items()}
    return found


def _masked_reason(body: Mapping[str, Any]) -> dict[str, Any]:
    return dict(body) | {"facts": _masked_facts(body["facts"])}


def _masked_facts(facts: Mapping[str, Any], always: Collection[str] = _PERSONAL_FACTS) -> dict[str, Any]:
    return {name: MASK if name in always or _personal(value) else value for name, value in facts.items()}


def _personal(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_LOOKS_PERSONAL.search(value))
    if isinstance(value, list):
        return any(_personal(item) for item in value)
    return isinstance(value, Mapping) and any(_personal(item) for item in value.values())


def _masked_name(ref: str, name: str) -> str:
    return MASK if ref.partition(":")[0] in {kind.value for kind in CARDS} or _personal(name) else name
