"""What a stage of the design tells those who work on it, as the texts that a portal keeps on the stage itself.

A novice is told everything, a skilled seller what to do and when to go on, a master what the stage is for and when it
ends: the fewer words, the more they are read.
"""

from __future__ import annotations

from collections.abc import Sequence

from b24kit.crm.portal import Capabilities
from b24kit.migrate.spec import Language, StageSpec

_TOLD: tuple[tuple[str, ...], ...] = (
    ("goal", "client_action", "our_job", "exit_when", "prompts"),
    ("our_job", "exit_when", "prompts"),
    ("goal", "exit_when"),
)
_HEADS = {
    "ru": {"goal": "Зачем", "client_action": "Клиент", "our_job": "Мы", "exit_when": "Дальше, когда", "prompts": "—"},
    "en": {"goal": "Why", "client_action": "The client", "our_job": "We", "exit_when": "Go on when", "prompts": "—"},
}


def stage_prompts(spec: StageSpec, capabilities: Capabilities, lang: Language) -> tuple[dict[str, str], bool]:
    """Texts by level, empty where the design says nothing; and whether one had to be cut, at the end of a line."""
    found: dict[str, str] = {}
    cut = False
    for level, parts in zip(capabilities.prompt_levels, _TOLD, strict=False):
        lines = [line for part in parts for line in _lines(spec, part, lang)]
        kept = _within(lines, capabilities.prompt_length)
        cut = cut or len(kept) < len(lines)
        if kept:
            found[level] = "\n".join(kept)
    return found, cut


def _lines(spec: StageSpec, part: str, lang: Language) -> list[str]:
    head = _HEADS[lang][part]
    if part == "prompts":
        return [f"{head} {one.said(lang)}" for one in spec.prompts]
    told = getattr(spec, part)
    return [f"{head}: {told.said(lang)}"] if told is not None else []


def _within(lines: Sequence[str], longest: int) -> list[str]:
    kept: list[str] = []
    length = -1
    for line in lines:
        length += len(line) + 1
        if length > longest:
            break
        kept.append(line)
    return kept
