"""`batch`: up to 50 commands in one request, each able to use the answers of those before it.

Rests on the vendor's page "How to Execute a Batch Request"; what the page leaves open (references that do not resolve,
lists in place of objects) follows recorded answers of live portals.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from b24kit.sandbox import phpjson
from b24kit.sandbox.bitrix24.exchange import Exchange, refusal
from b24kit.sandbox.bitrix24.registry import Answer, Call, Fault, method
from b24kit.sandbox.wireform import BadForm, parse_query

LONGEST = 50
_REFERENCE = re.compile(r"\$(result|error|total|next|time)((?:\[[^\[\]\s]*\])*)")


@method("batch", scope=None, batchable=False)
def batch(call: Call) -> Answer:
    """batch: registered so that `methods` and `method.get` name it; a request for it goes to `run` instead."""
    raise Fault("ERROR_BATCH_METHOD_NOT_ALLOWED", f"{call.method} inside {call.method}", 405)


@dataclass(slots=True)
class Gathered:
    """What the commands gave so far: JSON texts for the answer, values for references."""

    texts: dict[str, dict[str, str]] = field(
        default_factory=lambda: {name: {} for name in ("result", "error", "total", "next", "time")}
    )
    values: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {name: {} for name in ("result", "error", "total", "next", "time")}
    )

    def put(self, name: str, key: str, value: Any, text: str) -> None:
        """Keep one value of a command under its map."""
        self.texts[name][key] = text
        self.values[name][key] = value

    def refuse(self, key: str, fault: Fault) -> None:
        """Keep the refusal of a command."""
        self.put("error", key, {"error": fault.code, "error_description": fault.text}, refusal(fault))

    def answer(self) -> str:
        """The five maps as the vendor nests them; an empty one is a list."""
        names = {"result": "result", "error": "result_error", "total": "result_total", "next": "result_next"}
        maps = {shown: phpjson.array(self.texts[name]) for name, shown in (names | {"time": "result_time"}).items()}
        return phpjson.array(maps)


def commands(params: dict[str, Any]) -> dict[str, str]:
    """The commands by key, in order; what is no text is skipped without a trace, as on the portal."""
    given = next((value for name, value in params.items() if name.lower() == "cmd"), None)
    if isinstance(given, list):
        given = dict(enumerate(given))
    if not isinstance(given, dict):
        return {}
    return {str(key): text for key, text in given.items() if isinstance(text, str)}


def named_methods(params: dict[str, Any]) -> list[str]:
    """Methods of all commands in lower case, for faults that strike only some of them."""
    return [split(text)[0].lower() for text in commands(params).values()]


def split(text: str) -> tuple[str, str]:
    """`crm.lead.get?id=5` -> method and query."""
    name, _, query = text.partition("?")
    return name.strip().strip("/").removesuffix(".json"), query


async def run(exchange: Exchange, params: dict[str, Any]) -> str:
    """Do the commands one after another; gives the JSON text of `result`. A refused one stops the rest under `halt`."""
    gathered = Gathered()
    halt = next((value for name, value in params.items() if name.lower() == "halt"), None)
    stops = halt not in (None, "", "0", 0, False)  # PHP: every other text is true
    for number, (key, text) in enumerate(commands(params).items()):
        if number >= LONGEST:
            gathered.refuse(key, Fault("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded"))
            continue
        try:
            await _one(exchange, gathered, number, key, text)
        except Fault as fault:
            gathered.refuse(key, fault)
            if stops:
                break
    return gathered.answer()


async def _one(exchange: Exchange, gathered: Gathered, number: int, key: str, text: str) -> None:
    name, query = split(text)
    try:
        params = parse_query(query)
    except BadForm as error:
        raise Fault("INVALID_REQUEST", f"Wrong arguments: {error}") from error
    if "$" in query or "%24" in query:
        params = resolve(params, gathered.values)
    done = await exchange.command(number, name, params, in_batch=True)
    gathered.put("result", key, done.answer.result, done.text)
    gathered.put("time", key, json.loads(done.time), done.time)
    if done.answer.total is not None:
        gathered.put("total", key, done.answer.total, str(done.answer.total))
    if done.answer.next is not None:
        gathered.put("next", key, done.answer.next, str(done.answer.next))


def resolve(value: Any, known: dict[str, dict[str, Any]]) -> Any:
    """Replace references in all values (never in names). One that is the whole value keeps its type."""
    if isinstance(value, dict):
        return {name: resolve(item, known) for name, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, known) for item in value]
    if not isinstance(value, str) or "$" not in value:
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _look_up(whole, known)
    return _REFERENCE.sub(lambda found: _as_text(_look_up(found, known)), value)


def _look_up(found: re.Match[str], known: dict[str, dict[str, Any]]) -> Any:
    """The value at the path, or at its deepest part that exists."""
    here: Any = known[found.group(1)]
    for part in re.findall(r"\[([^\]]*)\]", found.group(2)):
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, list) and part.isdecimal() and int(part) < len(here):
            here = here[int(part)]
        else:
            break
    return here


def _as_text(value: Any) -> str:
    """A value inside a longer text, as PHP prints it."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    return "Array" if isinstance(value, dict | list) else str(value)
