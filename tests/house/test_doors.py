"""The doors of the house: where time, chance, identity and the network may come in, and what is imported when."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import b24kit

PACKAGE = Path(b24kit.__file__).parent
MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
DOORS = {"clock.py", "cli/context.py", "sandbox/clock.py"}
# Calls that bring in time, chance or identity; told by what stands behind the names after imports are resolved.
CLOSED = (
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today"),
    *(
        "time.time",
        "time.time_ns",
        "time.monotonic",
        "time.perf_counter",
        "time.sleep",
        "time.localtime",
        "time.gmtime",
    ),
    *("asyncio.sleep", "uuid.uuid1", "uuid.uuid4", "os.urandom", "random.", "secrets."),
)
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "base", "stuff", "tools", "lib"}
HEAVY = {
    *("pandas", "numpy", "httpx", "pydantic", "starlette", "uvicorn", "xlsxwriter", "yaml", "rich", "tenacity"),
    *("phonenumbers", "rapidfuzz", "email_validator", "publicsuffixlist", "trustme", "keyring"),
}


def uses(source: str) -> Iterator[tuple[int, str]]:
    """(line, full dotted name) of every name of another module that a source uses."""
    tree = ast.parse(source)
    known = imported(tree)
    for node in ast.walk(tree):
        parts: list[str] = []
        place: ast.AST = node
        while isinstance(place, ast.Attribute):
            parts.append(place.attr)
            place = place.value
        if isinstance(place, ast.Name) and place.id in known:
            yield place.lineno, ".".join([known[place.id], *reversed(parts)])


def imported(tree: ast.AST) -> dict[str, str]:
    """What stands behind the names that a module imports."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.split(".")[0]
                known[alias.asname or root] = alias.name if alias.asname else root
    return known


def closed(name: str) -> bool:
    """Whether this name may be used at the doors only; a generator made from a seed is no chance."""
    return name != "random.Random" and any(name == one or (one[-1] == "." and name.startswith(one)) for one in CLOSED)


def unseeded(source: str) -> Iterator[int]:
    """Lines where a generator is made without a seed."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and not node.args and not node.keywords:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("Random", "SystemRandom"):
                yield node.lineno


def imports(source: str) -> Iterator[tuple[int, str]]:
    """(line, module) of every import, those inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from datetime import datetime as d\nd.now()", ["datetime.datetime.now"]),
        ("import time\ntime.sleep(1)", ["time.sleep"]),
        ("from time import sleep\nsleep(1)", ["time.sleep"]),
        ("import random\nrandom.random()", ["random.random"]),
        ("from uuid import uuid4\nf(uuid4)", ["uuid.uuid4"]),
        ("from random import Random\nRandom(3)\nclock.now()\ntime.sleep(1)", []),
    ],
)
def test_the_scan_sees_through_imports(source: str, found: list[str]) -> None:
    assert [name for _, name in uses(source) if closed(name)] == found


def test_time_chance_and_identity_come_in_by_the_doors() -> None:
    strays = [
        f"{place}:{line}: {name}"
        for place, path in MODULES.items()
        if place not in DOORS
        for line, name in uses(path.read_text(encoding="utf-8"))
        if closed(name)
    ]
    assert strays == []


def test_chance_is_seeded_and_only_in_the_sandbox() -> None:
    assert list(unseeded("Random()\nRandom(7)\nrandom.Random()")) == [1, 3]
    texts = {place: path.read_text(encoding="utf-8") for place, path in MODULES.items()}
    assert [f"{place}:{line}" for place, text in texts.items() for line in unseeded(text)] == []
    with_chance = {place for place, text in texts.items() for _, module in imports(text) if module == "random"}
    assert {place for place in with_chance if not place.startswith("sandbox/")} == set()


def test_one_module_alone_speaks_http_to_portals() -> None:
    speakers = {
        place
        for place, path in MODULES.items()
        for _, module in imports(path.read_text(encoding="utf-8"))
        if module.split(".")[0] in ("httpx", "requests", "aiohttp", "urllib3")
    }
    assert speakers == {"connectors/http.py"}


def test_there_are_no_drawers() -> None:
    names = {part.removesuffix(".py").strip("_") for place in MODULES for part in place.split("/")}
    assert names & DRAWERS == set()


def test_the_command_line_opens_without_the_heavy_libraries() -> None:
    code = "import sys, b24kit.cli.app; print(*{name.split('.')[0] for name in sys.modules})"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert set(told.stdout.split()) & HEAVY == set()
