"""Playbooks that travel with b24kit: the repository's `playbooks/`, and the same files inside an installed wheel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from b24kit.errors import UsageError

_HERE = Path(__file__).resolve().parent
_PLACES = (_HERE / "shipped", _HERE.parent.parent / "playbooks")  # the wheel (hatch force-include), the source tree


@dataclass(frozen=True, slots=True)
class Shipped:
    """One playbook on offer; `for_whom` is its first line."""

    name: str
    path: Path
    for_whom: str


def shipped() -> list[Shipped]:
    """All playbooks that came with this installation, by name."""
    folder = next((place for place in _PLACES if any(place.glob("*.yaml"))), None)
    return [_shipped(path) for path in sorted(folder.glob("*.yaml"))] if folder else []


def find_playbook(name: str) -> Path:
    """The file meant by a name or a path; UsageError that lists what there is."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if not path.is_file():
            raise UsageError("playbook.absent", name=name, known=_known())
        return path
    for one in shipped():
        if one.name == name:
            return one.path
    raise UsageError("playbook.absent", name=name, known=_known())


def _known() -> str:
    return ", ".join(one.name for one in shipped())


def _shipped(path: Path) -> Shipped:
    with path.open(encoding="utf-8") as file:
        first = file.readline()
    return Shipped(path.stem, path, first.lstrip("# ").strip())
