"""`demo`: the whole job on a generated company in the embedded sandbox, by the same commands a consultant types.

The sandbox is another process and everything goes through HTTP on loopback with the vendor's limits on; its clock is
moved, so hours of portal time take seconds. What a client would be shown is left in a folder.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from b24kit.cli.context import desk
from b24kit.cli.screen import Screen
from b24kit.clock import SystemClock
from b24kit.errors import B24kitError, UsageError

if TYPE_CHECKING:
    from b24kit.sandbox.remote import SandboxControl

# What a portal is like to a client: seconds a request, and of work by method.
LATENCY, NEW_CONNECTION = 0.15, 0.06
WORK = {
    "*.list": 0.02,
    "count": 0.02,
    "*.get": 0.02,
    "*.update": 0.05,
    "*.add": 0.05,
    "crm.item.batchimport": 0.05,
    "*": 0.02,
}


class Vendor(StrEnum):
    """The portals that the sandbox can play."""

    bitrix24 = "bitrix24"
    amocrm = "amocrm"


STOPPED = 6  # a sample ends before the whole plan does


@dataclass(frozen=True, slots=True)
class FakePortal:
    """The sandbox of this demo: its address, the access as a person would paste it, and its control API."""

    url: str
    access: str
    control: SandboxControl


def demo(
    context: typer.Context,
    leads: Annotated[int, typer.Option("--leads", min=100, help="Open leads of the generated company.")] = 5000,
    out: Annotated[Path, typer.Option("--out", help="Where report, plan and journal are left.")] = Path("demo-report"),
    calls: Annotated[Path | None, typer.Option("--calls", help="Write every call of the demo to this file.")] = None,
    vendor: Annotated[Vendor, typer.Option("--vendor", help="Whose portal the company lives on.")] = Vendor.bitrix24,
) -> None:
    """Audit, plan, apply, prove and undo a sample on a generated company; nothing leaves this machine."""
    with desk(context) as at:
        screen = at.screen
        clear(out)
        started = SystemClock().monotonic()
        with (
            fake_portal(["--vendor", vendor, "--leads-count", str(leads)]) as portal,
            demo_environment(portal, out, at.lang),
        ):
            portal.control.log_calls(on=calls is not None)
            screen.say("demo.opening", leads=leads)
            play(portal, out, screen)
            if calls is not None:
                calls.write_text(portal.control.calls_text(), encoding="utf-8")
        seconds = round(SystemClock().monotonic() - started)
        screen.say("demo.closing", seconds=seconds, folder=str(out))
        if screen.as_json:
            screen.document("demo", seconds=seconds, folder=str(out), leads=leads)


def clear(out: Path) -> None:
    """An empty folder for the demo. What an earlier demo left there goes; anybody else's folder is not touched."""
    if out.exists() and any(out.iterdir()):
        file = out / "b24kit.toml"
        if not file.is_file() or "[portal.demo]" not in file.read_text(encoding="utf-8"):
            raise UsageError("demo.folder_taken", folder=str(out))
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)


def play(portal: FakePortal, out: Path, screen: Screen) -> None:
    """The acts, each a command line of its own."""
    closed = f"tap-mailboxes={screen.text('demo.tap_closed')}"
    plan, answers = out / "plan.b24", ["--answer", "robots-leads=none", "--answer", closed]
    act(screen, portal, "demo.doctor", ["doctor"])
    act(screen, portal, "demo.audit", ["audit", "--excel", str(out / "audit-before.xlsx")])
    screen.line()
    screen.sign("!", screen.text("demo.tap"))
    act(screen, portal, "demo.plan", ["plan", "talking-leads", "-o", str(plan), *answers])
    act(screen, portal, "demo.apply", ["apply", str(plan), *consent(plan, screen)])
    act(screen, portal, "demo.verify", ["verify"])
    act(screen, portal, "demo.leak", ["audit", "--leak"])
    act(screen, portal, "demo.audit_again", ["audit", "--excel", str(out / "audit-after.xlsx")])
    act(screen, portal, "demo.second_plan", ["plan", "talking-leads", *answers])
    act(screen, portal, "demo.report", ["report", "-o", str(out / "report.html")])
    act(screen, portal, "demo.undo", ["undo", "--sample", "20", "--auto-approve"], allowed=STOPPED)
    mails = len(portal.control.mails())
    screen.say("demo.mails", n=mails)
    if mails:
        raise B24kitError("demo.mails_sent", n=mails)


def consent(plan: Path, screen: Screen) -> Sequence[str]:
    """The phrase that a person types for what is final in a plan; nothing where all of it can be taken back."""
    from b24kit.change.guard import final_phrase

    shown = subprocess.run(
        [sys.executable, "-m", "b24kit", "--json", "show", str(plan)], check=True, capture_output=True, text=True,
        encoding="utf-8",
    )  # fmt: skip
    final = int(json.loads(shown.stdout)["final"])
    return ["--confirm", final_phrase(final)[screen.lang]] if final else []


def act(screen: Screen, portal: FakePortal, code: str, arguments: list[str], allowed: int = 0) -> None:
    """Say what comes, show the command, run it, and tell what it cost in portal time and requests."""
    screen.line()
    screen.line("── " + screen.text(code), style="bold")
    screen.line("$ b24kit " + shlex.join(arguments), style="dim")
    before, asked = portal.control.clock()["elapsed"], portal.control.metrics()["requests"]
    # A process of its own, as in a consultant's terminal: nothing but files and the portal connects the acts.
    manner = ["--json"] if screen.as_json else []
    ended = subprocess.run([sys.executable, "-m", "b24kit", *manner, *arguments], check=False).returncode
    if ended not in (0, allowed):
        raise B24kitError("demo.act_failed", command=arguments[0], exit=ended)
    passed = portal.control.clock()["elapsed"] - before
    requests = portal.control.metrics()["requests"] - asked
    screen.say("demo.cost", seconds=round(passed), requests=requests)


@contextmanager
def fake_portal(switches: list[str]) -> Iterator[FakePortal]:
    """A sandbox in a process of its own, with the vendor's limits and a moved clock; ended whatever happens."""
    from b24kit.sandbox.remote import SandboxControl

    manners = ["--latency", str(LATENCY), "--new-connection", str(NEW_CONNECTION), "--work", json.dumps(WORK)]
    command = [sys.executable, "-m", "b24kit.sandbox", "--port", "0", "--clock", "moved", *manners, *switches]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        told = announced(process)
        access = told.get("Webhook") or f"{told['Portal']} {told['Token']}"
        yield FakePortal(told["Portal"], access, SandboxControl(told["Portal"]))
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def announced(process: subprocess.Popen[str]) -> dict[str, str]:
    """What the sandbox says of itself before it serves."""
    told: dict[str, str] = {}
    for line in process.stdout or ():
        name, _, value = line.partition(":")
        told.setdefault(name.strip(), value.strip())
        if name.strip() == "Control":
            return told
    raise B24kitError("demo.no_sandbox", code=process.wait())


@contextmanager
def demo_environment(portal: FakePortal, out: Path, lang: str) -> Iterator[None]:
    """The client's folder of the demo: its own state, its own secret, the sandbox's clock; undone afterwards."""
    from b24kit.config.settings import PortalProfile, remember_portal
    from b24kit.connectors.factory import read_credentials, vendor_of

    access = read_credentials(portal.access)
    remember_portal(out, PortalProfile("demo", access.host, vendor_of(access)))
    wanted: Mapping[str, str] = {
        "B24KIT_WEBHOOK_DEMO": portal.access,
        "B24KIT_CLOCK": portal.url,
        "B24KIT_STATE_DIR": str((out / ".b24kit" / "state").resolve()),
        "B24KIT_DIR": str(out),
        "B24KIT_PORTAL": "demo",
        "B24KIT_LANG": lang,
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
