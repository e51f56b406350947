"""A playbook file into its schema; every mistake comes back as file:line:col with the field and a sentence.

All mistakes of a file are told at once: a consultant corrects them in one go.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from b24kit.errors import UsageError
from b24kit.i18n import Language, has, say
from b24kit.migrate.design import Path
from b24kit.playbook.rule_names import rule_faults
from b24kit.playbook.schema import Playbook, faults
from b24kit.playbook.yaml_tree import Complaint, Spot, Tree, read_tree

_LIMIT = 2_000_000  # characters; a playbook is written by hand


class PlaybookInvalid(UsageError):
    """Everything wrong with one file; `lines` says it in a language."""

    def __init__(self, file: str, complaints: Sequence[Complaint]) -> None:
        self.file = file
        self.complaints = tuple(sorted(complaints, key=lambda one: one.spot))
        first = self.complaints[0]
        super().__init__(
            "playbook.invalid", file=file, count=len(self.complaints), line=first.spot.line, column=first.spot.column
        )

    def lines(self, lang: Language = "ru") -> list[str]:
        """`file:line:col: field: sentence`, one line a mistake, in the order of the file."""
        return [self._line(one, lang) for one in self.complaints]

    def _line(self, one: Complaint, lang: Language) -> str:
        place = f"{self.file}:{one.spot.line}:{one.spot.column}"
        told = say(one.code, lang, **dict(one.facts))
        return f"{place}: {one.where}: {told}" if one.where else f"{place}: {told}"


def load_playbook(path: FilePath) -> Playbook:
    """The playbook in a file; UsageError when it cannot be read, PlaybookInvalid with all its mistakes."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise UsageError("playbook.unreadable", file=str(path), said=error.strerror or "") from error
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        column = error.start - body.rfind(b"\n", 0, error.start)
        fault = Complaint(Spot(line, column), (), "playbook.fault.not_utf8")
        raise PlaybookInvalid(str(path), [fault]) from error
    return parse_playbook(text, str(path))


def parse_playbook(text: str, file: str) -> Playbook:
    """The playbook in a text; `file` is how it is called in complaints."""
    if len(text) > _LIMIT:
        raise PlaybookInvalid(file, [Complaint(Spot(1, 1), (), "playbook.fault.too_deep")])
    tree = read_tree(text.replace("\r\n", "\n"))
    if tree.complaints:
        raise PlaybookInvalid(file, tree.complaints)
    if not isinstance(tree.value, dict):
        raise PlaybookInvalid(file, [Complaint(Spot(1, 1), (), "playbook.fault.not_a_mapping")])
    try:
        playbook = Playbook.model_validate(tree.value)
    except ValidationError as error:
        complaints = [_complaint(tree, detail) for detail in error.errors(include_url=False)]
        raise PlaybookInvalid(file, _once(complaints)) from error
    found = [Complaint(tree.spot(one.path), one.path, one.code, one.facts) for one in (*faults(playbook), *rule_faults(playbook))]
    if found:
        raise PlaybookInvalid(file, found)
    return playbook


def _complaint(tree: Tree, detail: ErrorDetails) -> Complaint:
    kind, loc = str(detail["type"]), tuple(detail["loc"])
    path = tree.known(loc)
    extra = kind == "extra_forbidden"
    facts: dict[str, Any] = {**_plain(detail.get("ctx", {})), "said": detail["msg"], "value": _shown(detail["input"])}
    if kind == "missing":
        facts["name"] = str(loc[-1])
    if extra:
        facts |= {"name": str(loc[-1]), "near": _near(str(loc[-1]), loc[:-1])}
        kind = "unknown_near" if facts["near"] else kind
    code = f"playbook.fault.{kind}"
    return Complaint(tree.spot(path, key=extra), path, code if has(code) else "playbook.fault.other", facts)


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    found = {str(name): value if isinstance(value, int | str) else str(value) for name, value in context.items()}
    if "expected" in found:  # pydantic lists the choices in English: 'open', 'won' or 'lost'
        found["expected"] = str(found["expected"]).replace(" or ", ", ").replace("'", "")
    return found


def _shown(value: Any) -> str:
    text = "..." if isinstance(value, dict | list) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _near(name: str, parent: Path) -> str:
    found = difflib.get_close_matches(name, _fields(Playbook, parent), n=1, cutoff=0.6)
    return found[0] if found else ""


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    """The names that stand at a path of the schema, or nothing where the path leaves the models."""
    for step in path:
        if isinstance(step, int):
            continue
        field = model.model_fields.get(step)
        inner = None if field is None else next(_models(field.annotation), None)
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models(part)


def _once(complaints: Sequence[Complaint]) -> list[Complaint]:
    """One complaint a place and kind: a union tries every branch and would complain for each."""
    found: dict[tuple[Spot, str], Complaint] = {}
    for one in complaints:
        found.setdefault((one.spot, one.code), one)
    return list(found.values())
