"""A client's folder: `b24kit.toml`, which can live in git, and where runs and shared counters are kept.

Precedence, first found wins: command line, environment (`B24KIT_PORTAL`, `B24KIT_LANG`), `b24kit.toml`, defaults.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from b24kit.errors import UsageError
from b24kit.i18n import LANGUAGES, Language

FILE = "b24kit.toml"


@dataclass(frozen=True, slots=True)
class PortalProfile:
    """What is known of one portal besides its secret. Limits that the client's plan does not state stay None."""

    name: str
    host: str
    vendor: str = "bitrix24"
    enterprise: bool = False  # 5 requests a second and a bucket of 250 instead of 2 and 50
    operating_limit: float | None = None  # seconds of one method's work within the window
    operating_window: float = 600.0
    max_in_flight: int = 8
    lead_pipeline: str | None = (
        None  # amoCRM: the number of the pipeline that is the ladder of leads; None: the main one
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a command needs to know before it opens a portal."""

    folder: Path
    portals: Mapping[str, PortalProfile] = field(default_factory=dict)
    lang: Language = "ru"
    retention_days: int = 90

    @property
    def runs_dir(self) -> Path:
        return self.folder / ".b24kit"

    def portal(self, name: str | None) -> PortalProfile:
        """The named portal, or the only one there is."""
        wanted = name or os.environ.get("B24KIT_PORTAL")
        if wanted is None and len(self.portals) == 1:
            return next(iter(self.portals.values()))
        if wanted is None:
            code = "config.which_portal" if self.portals else "config.no_portal"
            raise UsageError(code, known=", ".join(self.portals))
        if wanted not in self.portals:
            raise UsageError("config.unknown_portal", name=wanted, known=", ".join(self.portals) or "-")
        return self.portals[wanted]


def state_dir() -> Path:
    """Where this machine's counters and locks live: shared by all folders and processes of the user."""
    chosen = os.environ.get("B24KIT_STATE_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_state_dir("b24kit", appauthor=False))


def load_settings(folder: Path, lang: str | None = None) -> Settings:
    """Settings of a client's folder; a folder without a file has defaults and no portals."""
    path = folder / FILE
    raw = _read(path) if path.exists() else {}
    portals = {name: _profile(name, values, path) for name, values in _table(raw, "portal", path).items()}
    run = _table(raw, "run", path)
    chosen = lang or os.environ.get("B24KIT_LANG") or raw.get("lang", "ru")
    if chosen not in LANGUAGES:
        raise UsageError("config.unknown_language", lang=chosen, known=", ".join(LANGUAGES))
    return Settings(folder, portals, chosen, _whole(run, "retention_days", 90, path))


def remember_portal(folder: Path, profile: PortalProfile) -> Path:
    """Add or replace one portal in `b24kit.toml`, leaving every other line as it was."""
    path = folder / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    head = f"[portal.{profile.name}]"
    kept = _without_section(lines, head)
    section = [head, f'host = "{profile.host}"', f'vendor = "{profile.vendor}"']
    if profile.enterprise:
        section.append("enterprise = true")
    if profile.operating_limit is not None:
        section.append(f"operating_limit = {profile.operating_limit:g}")
    if profile.lead_pipeline is not None:
        section.append(f'lead_pipeline = "{profile.lead_pipeline}"')
    if profile.max_in_flight != 8:
        section.append(f"max_in_flight = {profile.max_in_flight}")
    if kept and kept[-1].strip():
        kept.append("")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*kept, *section]) + "\n", encoding="utf-8")
    return path


def forget_portal(folder: Path, name: str) -> None:
    """Take one portal out of `b24kit.toml`, leaving every other line as it was."""
    path = folder / FILE
    kept = _without_section(path.read_text(encoding="utf-8").splitlines(), f"[portal.{name}]")
    path.write_text("\n".join(kept).rstrip() + "\n" if any(kept) else "", encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError("config.broken_file", file=path.name, why=str(error)) from None
    except UnicodeDecodeError as error:
        raise UsageError("config.not_utf8", file=path.name, position=error.start) from None


def _table(raw: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    found = raw.get(name, {})
    if not isinstance(found, dict):
        raise UsageError("config.not_a_table", file=path.name, name=name)
    return found


def _profile(name: str, values: Any, path: Path) -> PortalProfile:
    if not isinstance(values, dict) or not isinstance(values.get("host"), str):
        raise UsageError("config.portal_without_host", file=path.name, name=name)
    known = set(PortalProfile.__dataclass_fields__) - {"name"}
    unknown = sorted(values.keys() - known)
    if unknown:
        raise UsageError("config.unknown_key", file=path.name, name=f"portal.{name}.{unknown[0]}")
    for key, kind in (
        ("operating_limit", (int, float)),
        ("max_in_flight", int),
        ("enterprise", bool),
        ("lead_pipeline", str),
    ):
        if key in values and not isinstance(values[key], kind):
            raise UsageError("config.wrong_value", file=path.name, name=f"portal.{name}.{key}", value=values[key])
    return PortalProfile(name, **values)


def _whole(table: Mapping[str, Any], key: str, default: int, path: Path) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError("config.wrong_value", file=path.name, name=f"run.{key}", value=value)
    return value


def _without_section(lines: list[str], head: str) -> list[str]:
    kept: list[str] = []
    inside = False
    for line in lines:
        if line.strip().startswith("["):
            inside = line.strip() == head
        if not inside:
            kept.append(line)
    return kept
