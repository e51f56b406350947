"""The shapes of a Bitrix24 answer: the envelope, its times, and the five maps of a batch.

Rests on the vendor's pages "Data Types" (`time`), "How to Execute a Batch Request" and "System Errors". Keys of `time`
are optional (a self-hosted portal has no `operating`), and PHP prints an empty map as `[]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.connectors.accounting import Worked
from b24kit.connectors.bitrix24 import faults
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.connectors.transport import Reply
from b24kit.crm.writes import Settled
from b24kit.errors import BadAnswer

BatchMaps = Mapping[str, Mapping[str, Any]]


MAPS = ("result", "result_error", "result_total", "result_next", "result_time")


def outcome_of(name: str, command: Command, maps: BatchMaps) -> CommandOutcome:
    """What became of one command of an answered batch; one without any entry was not executed."""
    if name in maps["result_error"]:
        told = maps["result_error"][name]
        told = told if isinstance(told, Mapping) else {"error": "", "error_description": told}
        code, said = faults.code_of(told), faults.words_of(told)
        settled = Settled.UNKNOWN if code.lower() in faults.BROKEN else Settled.REFUSED
        return CommandOutcome(command.key, settled, code=code, said=said)
    if name not in maps["result"]:
        return CommandOutcome(command.key, Settled.NOT_EXECUTED, code="not_executed")
    total, following = maps["result_total"].get(name), maps["result_next"].get(name)
    return CommandOutcome(command.key, Settled.DONE, maps["result"][name], mark(total), mark(following))


def worked(named: Mapping[str, Command], times: Mapping[str, Any], elapsed: float) -> tuple[list[Worked], float | None]:
    """Work of the executed commands, and how far `operating_reset_at` lay ahead of the last of them."""
    done = [(command, as_map(times[name])) for name, command in named.items() if name in times]
    share = elapsed / max(1, len(done))
    worked = [
        Worked(c.method, c.items, seconds_or(t.get("duration"), share), seconds(t.get("operating"))) for c, t in done
    ]
    resets = [reset for _, timed in done if (reset := reset_in(timed)) is not None]
    return worked, resets[-1] if resets else None


def as_map(given: Any) -> Mapping[str, Any]:
    """PHP prints an empty map as `[]`."""
    return given if isinstance(given, Mapping) else {}


def time_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return as_map(body.get("time"))


def reset_in(timed: Mapping[str, Any]) -> float | None:
    """Seconds until the oldest basket falls out; self-hosted portals do not say."""
    reset, finish = seconds(timed.get("operating_reset_at")), seconds(timed.get("finish"))
    return None if reset is None or finish is None else max(0.0, reset - finish)


def seconds(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def seconds_or(value: Any, otherwise: float) -> float:
    found = seconds(value)
    return otherwise if found is None else found


def mark(value: Any) -> int | None:
    found = seconds(value)
    return None if found is None else int(found)


def raise_fault(reply: Reply, method: str) -> None:
    """Raise the portal's refusal. Old pages list errors with status 200, so the body decides whatever the status."""
    body = reply.body
    if "result" in body:
        return
    if "error" not in body:
        raise BadAnswer("wrong_shape", method=method, status=reply.status, said="neither result nor error")
    told = body
    if isinstance(body["error"], Mapping):  # REST v3 puts an object there
        told = {"error": body["error"].get("code"), "error_description": body["error"].get("message")}
    raise faults.fault(told, method, reply.status)


def maps_of(reply: Reply) -> BatchMaps:
    """The five maps of an answered batch."""
    gathered = reply.body["result"]
    if not isinstance(gathered, Mapping):
        raise BadAnswer("wrong_shape", method="batch", status=reply.status, said="result is no map")
    return {name: as_map(gathered.get(name)) for name in MAPS}
