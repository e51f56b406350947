"""What became of writes whose answer never came: looked up on the portal, all questions in as few requests as may be.

"Not there" is only as good as the moment of looking: a request that was cut may still be committed for a while, so the
caller waits before it believes an absence.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from b24kit.connectors.bitrix24.asking import ask, result_of
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.comparing import as_wanted
from b24kit.connectors.bitrix24.lookup import READABLE, is_gone, read_refs
from b24kit.connectors.bitrix24.questions import (
    ORIGINS_A_PAGE,
    Question,
    about_binding,
    about_creation,
    about_deletion,
    about_origin,
    about_origins,
)
from b24kit.connectors.bitrix24.reading import Reading
from b24kit.connectors.came_through import came_through
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.crm.records import Record, comparable, values_of
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Bind, Change, Create, Delete, Merge, Result, Settled, Unbind, Write

_BY_TAG = "a notice with the same tag replaces the first one: it may be sent again"


def settle(client: RestClient, reading: Reading, writes: Sequence[Write]) -> dict[str, Result]:
    """One Result a write: DONE with its id, NOT_EXECUTED when there is no trace, UNKNOWN when nobody can tell."""
    found = _asked(client, reading, list(_questions(writes)))
    compared = [
        write
        for write in writes
        if write.key not in found and isinstance(write, Change | Delete) and write.ref.kind in READABLE
    ]
    present = read_refs(client, reading, [write.ref for write in compared])
    found |= {write.key: _compared(write, present) for write in compared}
    merges = [write for write in writes if isinstance(write, Merge)]
    cards = read_refs(client, reading, [ref for write in merges for ref in (write.survivor, *write.losers)])
    found |= {write.key: _merged(write, cards) for write in merges}
    return {write.key: found.get(write.key) or _untold(write) for write in writes}


def _questions(writes: Sequence[Write]) -> Iterator[tuple[Write, Question]]:
    cards: dict[tuple[Kind, str], list[Create]] = defaultdict(list)
    for write in writes:
        question: Question | None = None
        if isinstance(write, Bind | Unbind):
            question = about_binding(write)
        elif isinstance(write, Create) and write.kind in CARDS:
            if write.values.get("origin"):
                cards[write.kind, write.values["origin"]["system"]].append(write)
        elif isinstance(write, Create):
            question = about_creation(write)
        elif isinstance(write, Delete):
            question = about_deletion(write)
        if question is not None:
            yield write, question
    for (kind, system), made in cards.items():
        yield from _pages(kind, system, made)


def _pages(kind: Kind, system: str, made: Sequence[Create]) -> Iterator[tuple[Write, Question]]:
    for at in range(0, len(made), ORIGINS_A_PAGE):
        part = made[at : at + ORIGINS_A_PAGE]
        page = about_origins(kind, system, [write.values["origin"]["id"] for write in part])
        for write in part:
            yield write, about_origin(write, page)


def _asked(client: RestClient, reading: Reading, asked: Sequence[tuple[Write, Question]]) -> dict[str, Result]:
    """Every question judged; those with the same call share one command."""
    commands: dict[str, Command] = {}
    for _, question in asked:
        method, params = question.call
        commands.setdefault(_same_call(question), Command(f"q{len(commands):05d}", method, params))
    outcomes = ask(client, list(commands.values()))
    answered = [(write, question, commands[_same_call(question)]) for write, question in asked]
    refused = {
        question.card
        for _, question, command in answered
        if question.card and (outcome := outcomes.get(command.key)) and outcome.settled is Settled.REFUSED
    }
    gone = refused - read_refs(client, reading, refused).keys()
    return {
        write.key: question.judge([])
        if question.card in gone
        else _judged(question, command, outcomes.get(command.key))
        for write, question, command in answered
    }


def _same_call(question: Question) -> str:
    return json.dumps(question.call, sort_keys=True)


def _judged(question: Question, command: Command, outcome: CommandOutcome | None) -> Result:
    # The activity, card or task itself is gone: then nothing of it is there either.
    return question.judge([] if is_gone(outcome) else result_of(command, outcome))


def _compared(write: Change | Delete, present: Mapping[Ref, Record]) -> Result:
    record = present.get(write.ref)
    if isinstance(write, Delete):
        return Result(write.key, Settled.DONE if record is None else Settled.NOT_EXECUTED)
    if record is None:
        return Result(write.key, Settled.NOT_EXECUTED, code="gone")
    done = came_through(write, values_of(record), as_wanted)
    return Result(write.key, Settled.DONE if done else Settled.NOT_EXECUTED)


def _merged(write: Merge, present: Mapping[Ref, Record]) -> Result:
    """Done when the survivor stands, with the others' phones and addresses, and none of the others does.

    One that is still there was not merged: asking again merges what is left.
    """
    survivor = present.get(write.survivor)
    if survivor is None or any(ref in present for ref in write.losers):
        return Result(write.key, Settled.NOT_EXECUTED, code="" if survivor else "gone")
    held = {(kind, value) for kind, value, _ in comparable("points", values_of(survivor).get("points"))}
    given = [point for ref in write.losers for point in (write.before.get(str(ref)) or {}).get("points") or ()]
    if any((point["kind"], point["value"]) not in held for point in given):
        return Result(write.key, Settled.UNKNOWN, code="not_whole", said="the merged cards are gone, not their values")
    return Result(write.key, Settled.DONE)


def _untold(write: Write) -> Result:
    if isinstance(write, Create) and write.kind is Kind.NOTICE:
        return Result(write.key, Settled.NOT_EXECUTED, said=_BY_TAG)
    if isinstance(write, Delete) and write.ref.kind is Kind.NOTICE:
        return Result(write.key, Settled.NOT_EXECUTED, said="taking a notice away twice does no harm")
    return Result(write.key, Settled.UNKNOWN, code="no_mark", said="the write carried nothing to find it by")
