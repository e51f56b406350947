"""Why two cards are one client, in one sentence: the reasons as codes of the catalogue with their facts.

Wording is chosen at the edge: `say(reason.code, lang, **reason.facts)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from b24kit.i18n import Language, say
from b24kit.matching.cluster import names_disagree
from b24kit.matching.joining import Rule
from b24kit.matching.keys import Keys
from b24kit.matching.review import Question, Review
from b24kit.matching.score import Score
from b24kit.matching.tiers import Automatic

_SHOWN = 3  # parts of a score that a sentence names


@dataclass(frozen=True, slots=True)
class Why:
    """One sentence: its code, and reasons inside it, each with code and facts."""

    code: str
    parts: tuple[tuple[str, Mapping[str, str]], ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, lang: Language) -> str:
        """The sentence in a language."""
        told = "; ".join(say(code, lang, **facts) for code, facts in self.parts)
        return say(self.code, lang, reasons=told, **self.facts)


def explain(one: int, other: int, found: Automatic, review: Review | None = None) -> Why:
    """Why two rows (by place) are one client, might be, or are not joined."""
    groups = found.of_row[one], found.of_row[other]
    if groups[0] == groups[1]:
        return Why("match.why.joined", (why_joined(found.keys, one, other, _weakest(found, int(groups[0]))),))
    asked = None if review is None else _question(review, int(groups[0]), int(groups[1]))
    if asked is not None:
        return Why("match.why.asked", why_asked(asked.score))
    if review is not None and review.of_group[groups[0]] == review.of_group[groups[1]]:
        return Why("match.why.through_others")
    names = [name for row in (one, other) if (name := found.keys.name(int(found.keys.row_card[row])))]
    return Why("match.why.names_differ" if len(names) > 1 and names_disagree(names) else "match.why.no_sign")


def why_joined(keys: Keys, one: int, other: int, weakest: Rule) -> tuple[str, Mapping[str, str]]:
    """What two rows of one cluster share; where that is nothing, the weakest rule that holds the cluster together."""
    cards = int(keys.row_card[one]), int(keys.row_card[other])
    left, right = keys.address(cards[0]), keys.address(cards[1])
    names = keys.name(cards[0]), keys.name(cards[1])
    same_name = names[0] is not None and names[1] is not None and names[0].full and names[0].full == names[1].full
    name = names[0].text if names[0] else ""
    if left and right and left.text == right.text:
        return "match.rule.address", {"address": left.text}
    if left and right and same_name and left.firm and left.firm == right.firm:
        return "match.rule.name_and_domain", {"name": name, "domain": left.firm}
    if left and right and same_name and left.local == right.local and weakest is not Rule.NAME_AND_TIME:
        return "match.rule.name_and_mailbox", {"name": name, "mailbox": left.local}
    return f"match.rule.chain_{weakest.name.lower()}", {"name": name}


def why_asked(score: Score) -> tuple[tuple[str, Mapping[str, str]], ...]:
    """The weightiest parts of a score as reasons."""
    return tuple((f"match.part.{part.code}", part.facts) for part in score.parts[:_SHOWN])


def _weakest(found: Automatic, group: int) -> Rule:
    return found.clusters.rules(group)[-1]


def _question(review: Review, one: int, other: int) -> Question | None:
    pair = {one, other}
    return next((question for question in review.questions if {question.one, question.other} == pair), None)
