"""The composition root: opens settings, portal, stores and clock once for a command, and closes them.

Everything that must not be global comes from here: the clock, the machine's state folder, the ids of plans and runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from b24kit.cli.screen import Screen
from b24kit.clock import Clock, SystemClock
from b24kit.errors import UsageError
from b24kit.i18n import Language, speak_of

if TYPE_CHECKING:
    from b24kit.change.runs import RunStore
    from b24kit.change.snapshot import Snapshot
    from b24kit.cleanup.decisions import Decision, DecisionStore
    from b24kit.config.receiver import Receiver
    from b24kit.config.settings import PortalProfile, Settings
    from b24kit.crm.portal import Portal
    from b24kit.crm.refs import Kind


class Interrupted(Exception):
    """Ctrl+C under our own name: typer would end the process on the bare one without a word."""


@dataclass(frozen=True, slots=True)
class Options:
    """The global options as typed."""

    portal: str | None = None
    folder: Path = Path()
    lang: str | None = None
    as_json: bool = False
    debug: bool = False
    colour: bool | None = None
    portals: tuple[str, ...] = ()  # all that were named; only a few commands work on several


class Desk:
    """What one command works with. Nothing is opened before it is asked for."""

    def __init__(self, options: Options, clock: Clock | None = None) -> None:
        self.options = options
        self.clock: Clock = clock or sandbox_clock() or SystemClock()
        self._portal: Portal | None = None

    @cached_property
    def settings(self) -> Settings:
        from b24kit.config.settings import load_settings

        return load_settings(self.options.folder, self.options.lang)

    @property
    def lang(self) -> Language:
        return self.settings.lang

    @cached_property
    def screen(self) -> Screen:
        return Screen(self.lang, as_json=self.options.as_json, colour=self.options.colour)

    @cached_property
    def profile(self) -> PortalProfile:
        if len(self.options.portals) > 1:
            raise UsageError("cli.one_portal", portals=", ".join(self.options.portals))
        found = self.settings.portal(self.options.portal)
        speak_of(found.vendor)
        return found

    @property
    def portal(self) -> Portal:
        """The portal of this command, opened at first use."""
        if self._portal is None:
            self._portal = open_profile(self.profile, self.settings.folder, self.clock, self.receiver.address)
        return self._portal

    @cached_property
    def receiver(self) -> Receiver:
        """Where this portal's events are heard; empty before there is such a place."""
        from b24kit.config.receiver import find_receiver

        return find_receiver(self.profile.name, self.settings.folder, self.profile.host)

    @property
    def store_dir(self) -> Path:
        """Where runs and the full values of masked plans are kept."""
        return self.settings.runs_dir / "runs"

    @cached_property
    def runs(self) -> RunStore:
        from b24kit.change.runs import RunStore

        return RunStore(self.store_dir)

    @property
    def snapshots_dir(self) -> Path:
        return self.settings.runs_dir / "snapshots"

    @property
    def portal_id(self) -> str:
        """How the portal of this command is called in plans and decisions; nothing is asked of it."""
        return self.profile.host

    def decided(self, portal_id: str) -> list[Decision]:
        """What people decided of a portal's cards, as these are numbered now."""
        from b24kit.change.idmap import renewed
        from b24kit.cleanup.decisions import of_new_cards

        ids = renewed(self.runs, portal_id)
        return of_new_cards(self.decisions(portal_id).decisions(), {str(old): str(new) for old, new in ids.items()})

    def decisions(self, portal_id: str) -> DecisionStore:
        """What people decided about doubtful clients of a portal, kept in this folder."""
        from b24kit.cleanup.decisions import DecisionStore

        return DecisionStore(self.settings.runs_dir / "decisions.sqlite", portal_id)

    def snapshot(self, want: Collection[Kind], *, bodies: bool = False) -> Snapshot:
        """Read the portal into a fresh snapshot file of the client's folder; `bodies`: with its open leads' letters."""
        from b24kit.change.snapshot import take_snapshot
        from b24kit.letters.plain import readable

        # Names and letters of clients: for the user's eyes alone, from the outermost folder on.
        for folder in (self.settings.runs_dir, self.snapshots_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        path = self.snapshots_dir / f"{self.clock.now():%Y%m%d-%H%M%S-%f}.sqlite"
        with self.screen.progress("progress.reading") as tell:
            return take_snapshot(
                self.portal, path, want=want, clock=self.clock, tell=tell, shorten=readable if bodies else None
            )

    def close(self) -> None:
        if self._portal is not None:
            self._portal.close()


def open_profile(
    profile: PortalProfile, folder: Path, clock: Clock, receiver: str | None = None, *, sends: bool = False
) -> Portal:
    """Open a portal by its profile; the secret is found where `portal add` or the user put it.

    UsageError when that secret opens another portal than the folder's: a name like `main` may be any client's.
    """
    from b24kit.config.secrets import find_webhook
    from b24kit.connectors.factory import read_credentials

    secret = find_webhook(profile.name, folder, profile.host)
    host = read_credentials(secret).host
    if host != profile.host:
        raise UsageError("config.other_portal", name=profile.name, host=profile.host, found=host)
    return open_address(secret, profile, clock, receiver, sends=sends)


def open_address(
    webhook: str, profile: PortalProfile, clock: Clock, receiver: str | None = None, *, sends: bool = False
) -> Portal:
    """Open a portal by its webhook (or the kept form of another access), with the limits of its profile and this
    machine's shared counters.
    """
    import os

    from b24kit.config.settings import state_dir
    from b24kit.connectors.factory import open_portal, read_credentials
    from b24kit.connectors.pacing import Limits

    bucket, leak = (250, 5.0) if profile.enterprise else (50, 2.0)
    limits = Limits(
        bucket=bucket, leak=leak, operating_limit=profile.operating_limit, operating_window=profile.operating_window
    )
    return open_portal(
        read_credentials(webhook),
        clock,
        state_dir=state_dir(),
        limits=limits,
        in_flight=profile.max_in_flight,
        lead_pipeline=profile.lead_pipeline,
        database=os.environ.get("B24KIT_TOKEN_DATABASE"),
        receiver=receiver,
        sends=sends,
    )


def sandbox_clock() -> Clock | None:
    """The sandbox's clock when B24KIT_CLOCK names its address, so that moved portal time is everybody's time."""
    import os

    address = os.environ.get("B24KIT_CLOCK")
    if not address:
        return None
    from b24kit.sandbox.remote import RemoteClock, SandboxControl

    return RemoteClock(SandboxControl(address))


@contextmanager
def desk(context: typer.Context) -> Iterator[Desk]:
    """The desk of a command, cleared away afterwards whatever happened."""
    found = context.obj if isinstance(context.obj, Desk) else Desk(context.obj or Options())
    try:
        yield found
    except KeyboardInterrupt:
        raise Interrupted from None
    finally:
        found.close()


def fresh_secret() -> str:
    """A secret that nobody can guess: chance comes in here and nowhere else."""
    import secrets

    return secrets.token_urlsafe(24)


def fresh_name() -> str:
    """A name for one life of a worker: no other process and no later start has it."""
    import os
    import secrets
    import socket

    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
