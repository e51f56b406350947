"""What a trial on a portal has shown, kept beside the locks with its day, so that no plan has to try it again.

An account may allow what another refuses; only the first write tells. What is older than a season is not believed.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from b24kit.change.intake import AttachIncoming
from b24kit.change.journal import Entry, State
from b24kit.change.operation import Operation

LINK_MAIL = "link_mail"  # may an incoming letter join a card that is there?
BELIEVED = timedelta(days=90)
_FILE = "trials.json"


@dataclass(frozen=True, slots=True)
class Trial:
    """Whether it worked, and when that was seen."""

    works: bool
    at: datetime


def recall(folder: Path, portal_id: str, name: str, now: datetime) -> Trial | None:
    """What is known of this portal; None when nobody tried, or too long ago."""
    told = _read(folder / _FILE).get(portal_id, {}).get(name)
    if told is None:
        return None
    found = Trial(bool(told["works"]), datetime.fromisoformat(str(told["at"])))
    return found if now - found.at < BELIEVED else None


def remember(folder: Path, portal_id: str, name: str, trial: Trial) -> None:
    """Keep it; an earlier result of the same trial is forgotten."""
    known = _read(folder / _FILE)
    known.setdefault(portal_id, {})[name] = {"works": trial.works, "at": trial.at.isoformat()}
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=_FILE)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(known, out, ensure_ascii=False, indent=1)
    Path(temporary).replace(folder / _FILE)


def linking_tried(operations: Iterable[Operation], last: Mapping[str, Entry]) -> bool | None:
    """What a run showed of linking letters: True for one that was, False for a refusal, None for neither."""
    ends = {last[one.key].state for one in operations if isinstance(one, AttachIncoming) and one.key in last}
    if State.DONE in ends:
        return True
    return False if State.REFUSED in ends else None


def _read(path: Path) -> dict[str, dict[str, dict[str, object]]]:
    """The file's content; a file that is missing or broken knows nothing, and the next trial writes it anew."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
