"""Notes of many cards in few requests, and what people wrote on leads that nobody has taken in.

Rests on the page "Events and notes": a card's list is narrowed by `filter[entity_id][]`; `created_by` is 0 for what a
robot left there.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from b24kit.connectors.amocrm.answers import rows_of
from b24kit.connectors.amocrm.client import AmoClient, Question
from b24kit.connectors.amocrm.paging import LONGEST
from b24kit.connectors.amocrm.translate_activities import COMMENT, NOTE_TYPES
from b24kit.connectors.amocrm.wirevalues import Row, ident, text
from b24kit.crm.incoming import Incoming

AT_ONCE = 50  # leads in one address
_SPOKEN = frozenset(kind for kinds in NOTE_TYPES.values() for kind in kinds)


def with_remarks(client: AmoClient, incoming: Iterable[Incoming]) -> Iterator[Incoming]:
    """Incoming leads with the number of remarks that people left on their cards."""
    walk = iter(incoming)
    while part := list(itertools.islice(walk, AT_ONCE)):
        cards = [one.lead for one in part if one.lead]
        counts = Counter(
            str(ident(row.get("entity_id")))
            for row in (listed_notes(client, "leads", cards) if cards else ())
            if _of_people(row)
        )
        for one in part:
            yield replace(one, remarks=counts[one.lead]) if one.lead and counts[one.lead] else one


def listed_notes(client: AmoClient, entity: str, numbers: Sequence[str]) -> list[Row]:
    """Notes of these cards of one kind: one list, or card by card where the account ignores the filter."""
    path, query = f"/{entity}/notes", [("filter[entity_id][]", number) for number in numbers]
    wanted = set(numbers)
    [first] = client.ask([(path, [*query, ("limit", LONGEST)])])
    rows: Sequence[Row] = rows_of(first.body, "notes")
    if any(str(ident(row.get("entity_id"))) not in wanted for row in rows):
        asked: list[Question] = [(f"/{entity}/{number}/notes", [("limit", LONGEST)]) for number in numbers]
        found: list[Row] = []
        for (own, _), reply in zip(asked, client.ask(asked), strict=True):
            part: Sequence[Row] = rows_of(reply.body, "notes")
            found += part if len(part) < LONGEST else client.directory(own, "notes")
        return found
    if len(rows) == LONGEST:
        rows = client.directory(path, "notes", query)
    return list(rows)


def _of_people(row: Row) -> bool:
    kind = text(row.get("note_type"))
    return kind not in _SPOKEN and (kind == COMMENT or bool(row.get("created_by")))
