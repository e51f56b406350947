"""The suite on a real portal: what the environment says, and the proof on sandboxes in processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from b24kit.connectors.factory import read_credentials, vendor_of
from b24kit.sandbox.remote import SandboxControl
from tests.portals.conftest import REAL, VENDORS
from tests.portals.real import CLOCK, CREATIONS, MARK, VARIABLES, WRITES, told_of

ROOT = Path(__file__).resolve().parents[2]
CARDS = {
    "bitrix24": {"lead": "TITLE", "contact": "NAME", "company": "TITLE", "deal": "TITLE"},
    "amocrm": {"leads": "name", "contacts": "name", "companies": "name"},
}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_real_portal_takes_part_when_the_environment_names_it(vendor: str) -> None:
    told = told_of(vendor)
    if told is None:
        pytest.skip(f"{VARIABLES[vendor]} names no portal: an access, or a file that holds it")
    assert vendor_of(read_credentials(told)) == vendor


@contextmanager
def portal(vendor: str) -> Iterator[tuple[str, SandboxControl]]:
    """A sandbox in a process of its own: the access to it, and its control."""
    command = [sys.executable, "-m", "b24kit.sandbox", "--vendor", vendor, "--port", "0", "--clock", "moved"]
    process = subprocess.Popen(
        [*command, "--leads-count", "60"], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment({})
    )
    try:
        assert process.stdout is not None
        told: dict[str, str] = {}
        while "Control" not in told:
            name, _, value = process.stdout.readline().partition(":")
            told.setdefault(name.strip(), value.split()[0])
        access = told["Webhook"] if vendor == "bitrix24" else f"{told['Portal']} {told['Token']}"
        yield access, SandboxControl(told["Portal"])
    finally:
        process.terminate()
        process.communicate(timeout=20)


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Ours, without what would send the inner session to some other portal."""
    ours = {name: value for name, value in os.environ.items() if name not in (*VARIABLES.values(), WRITES, CLOCK)}
    ours = {name: value for name, value in ours.items() if not name.startswith("PYTEST_")}
    return {**ours, "PYTHONPATH": str(ROOT), **more}


def suite(vendor: str, told: Mapping[str, str], *chosen: str) -> str:
    """The contract suite in a process of its own, on the environment's portal only; its report."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", "-k", vendor + REAL, *chosen]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment(told), timeout=200)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def passed(report: str) -> int:
    found = re.search(r"(\d+) passed", report)
    return int(found[1]) if found else 0


def rows(control: SandboxControl, vendor: str) -> dict[str, dict[str, Any]]:
    return {name: control.dump([name])["tables"][name] for name in CARDS[vendor]}


@pytest.mark.slow
@pytest.mark.parametrize("vendor", VENDORS)
def test_on_a_portal_that_is_not_ours_the_suite_touches_nobodys_cards_and_tidies_up(
    vendor: str, tmp_path: Path
) -> None:
    with portal(vendor) as (access, control):
        secret = tmp_path / "access"
        secret.write_text(access + "\n", encoding="utf-8")
        before = rows(control, vendor)
        told = {VARIABLES[vendor]: str(secret), WRITES: "1", CLOCK: access.split()[0].split("/rest/")[0]}
        report = suite(vendor, told, "tests/portals")
        after = rows(control, vendor)
        assert passed(report) >= 40, report
        assert "will be read, and at most" in report and report.index("at most") < report.index("left")
        assert access.split()[-1].strip("/").rsplit("/", 1)[-1] not in report, "the access was shown"
        for table, name in CARDS[vendor].items():
            assert {key: after[table][key] for key in before[table]} == before[table]
            new = {key: row for key, row in after[table].items() if key not in before[table]}
            assert len(new) <= CREATIONS
            # What the vendor removes is gone; the rest says of itself that nobody needs it.
            marks = {str(row[name]) for row in new.values()}
            assert marks <= ({MARK, "b24kit проверка"} if vendor == "amocrm" else set())
        assert not control.mails()
        if vendor == "amocrm":
            fields = control.dump(["custom_field"])["tables"]["custom_field"].values()
            assert "B24KIT_ID" not in {row.get("code") for row in fields}


@pytest.mark.parametrize("vendor", VENDORS)
def test_without_leave_to_write_nothing_is_written(vendor: str) -> None:
    with portal(vendor) as (access, control):
        before = rows(control, vendor)
        told = {VARIABLES[vendor]: access, CLOCK: access.split()[0].split("/rest/")[0]}
        chosen = ("tests/portals/test_writing.py", "tests/portals/test_reading.py")
        report = suite(vendor, told, *chosen)
        assert rows(control, vendor) == before
        assert passed(report) >= 10 and f"nothing is written on a real portal unless {WRITES}=1" in report
