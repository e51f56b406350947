"""The words to clients that robots of a playbook would send, told apart by whether this portal's API can send them.

What it cannot send is handed to an employee as a to-do with the ready text; a consultant has to know that beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from b24kit.crm.activity import Channel
from b24kit.crm.portal import Capabilities
from b24kit.i18n import say
from b24kit.migrate.spec import Language
from b24kit.playbook.schema import Playbook
from b24kit.robots.spec_words import CHANNEL_OF


@dataclass(frozen=True, slots=True)
class ClientWord:
    """One message of the playbook as people know it: `where` is its funnel or sequence, `what` its stage."""

    where: str
    what: str
    channel: Channel


def client_words(playbook: Playbook, lang: Language) -> list[ClientWord]:
    """Every message that the rules send by themselves once sending is armed, in the playbook's order."""
    return [*_farewells(playbook, lang), *_letters(playbook, lang)]


def by_hand(words: list[ClientWord], able: Capabilities) -> list[ClientWord]:
    """Those that this portal's API cannot send."""
    return [one for one in words if one.channel not in able.sends]


def listed(words: list[ClientWord], lang: Language) -> str:
    """The messages in one line: each funnel once, its messages with their channel behind it."""
    groups: dict[tuple[str, Channel], list[str]] = {}
    for one in words:
        groups.setdefault((one.where, one.channel), []).append(f"«{one.what}»")
    return "; ".join(
        f"{where}: {', '.join(named)} ({say(f'ability.word.{channel.value}', lang)})"
        for (where, channel), named in groups.items()
    )


def _farewells(playbook: Playbook, lang: Language) -> Iterator[ClientWord]:
    for sequence in playbook.cadence.sequences:
        farewell = sequence.farewell
        if farewell is not None and farewell.sent_by == "robot":
            yield ClientWord(sequence.name, say("ability.word.farewell", lang), CHANNEL_OF[farewell.by])


def _letters(playbook: Playbook, lang: Language) -> Iterator[ClientWord]:
    for funnel in playbook.spawn.marketing:
        names = _stage_names(playbook, funnel.pipeline, lang)
        for letter in funnel.letters:
            yield ClientWord(funnel.pipeline, names.get(letter.stage, letter.stage), CHANNEL_OF[letter.by])


def _stage_names(playbook: Playbook, pipeline: str, lang: Language) -> dict[str, str]:
    """What people call the stages of a funnel that the playbook designs; empty for one it does not."""
    wanted = pipeline.casefold()
    for spec in playbook.pipelines:
        if wanted in (spec.name.ru.casefold(), spec.name.en.casefold()):
            return {one.code: one.name.said(lang) for one in spec.ladder}
    return {}
