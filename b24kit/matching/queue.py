"""The review queue as rows of a table: one row, one question, with both sides and the reasons in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from b24kit.i18n import Language
from b24kit.matching.explain import Why, why_asked
from b24kit.matching.portrait import Portrait
from b24kit.matching.review import Review

HEADER = ("question", "cluster_1", "cluster_2", "likely", "who_1", "who_2", "reasons", "rows_1", "rows_2", "answer")
_SURE = 99  # a question is never certain
_SHOWN = 5  # names, addresses and ids of one side


def queue_rows(review: Review, labels: Sequence[str], ids: Sequence[str], lang: Language) -> Iterator[list[str]]:
    """Rows for `HEADER`, best first. `labels` are the clusters of tier A by row, `likely` a share in per cent."""
    for number, question in enumerate(review.questions, 1):
        one, other = review.gallery.portrait(question.one), review.gallery.portrait(question.other)
        why = Why("match.why.asked", why_asked(question.score)).sentence(lang)
        percent = str(min(_SURE, round(100 * question.score.likely)))
        sides = [labels[one.rows[0]], labels[other.rows[0]], percent, _who(one), _who(other), why]
        yield [str(number), *sides, _ids(one, ids), _ids(other, ids), ""]


def _who(portrait: Portrait) -> str:
    """Names, addresses and numbers of one side, as a person tells it."""
    names = sorted({name.text for name in portrait.names})
    addresses = sorted({address.text for address in portrait.addresses})
    numbers = sorted({phone.number for phone in portrait.phones})
    return ", ".join([*names[:_SHOWN], *(f"<{address}>" for address in addresses[:_SHOWN]), *numbers[:_SHOWN]])


def _ids(portrait: Portrait, ids: Sequence[str]) -> str:
    shown = " ".join(ids[row] for row in portrait.rows[:_SHOWN])
    return shown if len(portrait.rows) <= _SHOWN else f"{shown} +{len(portrait.rows) - _SHOWN}"
