"""Many reading commands at once, every answer of which is needed: a refusal is raised here, not handed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.faults import fault
from b24kit.connectors.bitrix24.wirevalues import rows_of
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.crm.writes import Settled
from b24kit.errors import NoAnswer


def ask(client: RestClient, commands: Sequence[Command]) -> dict[str, CommandOutcome]:
    """The outcomes of reading commands by key, whatever they are."""
    return {outcome.key: outcome for outcome in client.run(commands, reads=True)} if commands else {}


def answers(client: RestClient, commands: Sequence[Command]) -> dict[str, Any]:
    """The results of reading commands by key; the first refusal or missing answer is raised as its error."""
    outcomes = ask(client, commands)
    return {command.key: result_of(command, outcomes.get(command.key)) for command in commands}


def result_of(command: Command, outcome: CommandOutcome | None) -> Any:
    """The result of one command, or its refusal raised as an error of ours."""
    if outcome is not None and outcome.settled is Settled.DONE:
        return outcome.result
    if outcome is not None and outcome.settled is Settled.REFUSED:
        raise fault({"error": outcome.code, "error_description": outcome.said}, command.method)
    raise NoAnswer("no_answer", method=command.method, sent=True)


def pages(
    client: RestClient, method: str, params: Mapping[str, Any], start: str = "start"
) -> Iterator[Mapping[str, Any]]:
    """Every row of a small list that is paged by an offset (people, departments), page after page.

    A row that slides over a page's edge while the list changes is given once.
    """
    seen: set[str] = set()
    offset: int | None = 0
    while offset is not None:
        command = Command("page", method, {**params, start: offset})
        outcome = ask(client, [command]).get(command.key)
        rows = rows_of(result_of(command, outcome))
        for row in rows:
            if str(row.get("ID")) not in seen:
                seen.add(str(row.get("ID")))
                yield row
        offset = outcome.next if outcome is not None and rows else None
