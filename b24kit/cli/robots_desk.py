"""What the robots' commands open: the store, portals with their rules, the receiver's doors, and their log."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from b24kit.cli.context import Desk, fresh_secret, open_profile
from b24kit.errors import UsageError

if TYPE_CHECKING:
    from b24kit.config.hook_secrets import HookSecrets
    from b24kit.config.settings import PortalProfile
    from b24kit.crm.event import Hears, Hook
    from b24kit.crm.portal import Portal
    from b24kit.robots.gather import WatchedPortal
    from b24kit.robots.lives import Lives
    from b24kit.robots.server import Door
    from b24kit.robots.store import Event, Store
    from b24kit.robots.worker import Duty

SHADOW = " shadow"


@dataclass(slots=True)
class Post:
    """One portal of the service: its profile and what robots do for it."""

    profile: PortalProfile
    portal: Portal
    duty: Duty


@contextmanager
def robots_store(at: Desk, place: str | None) -> Iterator[Store]:
    """The store of this folder, or the database that was named by its URL."""
    from b24kit.robots.store import Store

    store = Store(place or _own_store(at))
    try:
        yield store
    finally:
        store.close()


def lives_of(at: Desk, place: str | None) -> Lives:
    """Which processes of this machine that work on the same store are alive."""
    from b24kit.config.settings import state_dir
    from b24kit.robots.lives import Lives, lives_folder

    return Lives(lives_folder(place or _own_store(at), state_dir()))


def _own_store(at: Desk) -> Path:
    return at.settings.runs_dir / "robots.sqlite"


@contextmanager
def posts(
    at: Desk,
    playbooks: Mapping[str | None, str],
    store: Store,
    *,
    shadow: bool = False,
    fixed_turns: bool = False,
    sends: bool = False,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[list[Post]]:
    """Portals opened with the rules of their playbooks; by the portal's name, None for the one of the command.

    `sends`: messages to clients may leave; every playbook has to be armed then. The portals wait for nothing any more
    once `stopping` says so.
    """
    from b24kit.robots.stopping import StoppableClock

    clock = StoppableClock(at.clock, stopping)
    found: list[Post] = []
    try:
        for name, playbook in playbooks.items():
            profile = at.profile if name is None else at.settings.portal(name)
            portal = open_profile(profile, at.settings.folder, clock, sends=sends)
            post = Post(profile, portal, None)  # type: ignore[arg-type]
            found.append(post)
            post.duty = duty_of(at, portal, playbook, store, shadow=shadow, fixed_turns=fixed_turns, sends=sends)
        yield found
    finally:
        for post in found:
            post.portal.close()


def duty_of(
    at: Desk,
    portal: Portal,
    playbook: str,
    store: Store,
    *,
    shadow: bool = False,
    fixed_turns: bool = False,
    sends: bool = False,
) -> Duty:
    """The rules of a playbook made ready for a portal; UsageError when its vendor cannot be watched."""
    from b24kit.change.lock import acting, claimed
    from b24kit.config.settings import state_dir
    from b24kit.playbook.deciding import decider, payment_numbers, posting
    from b24kit.playbook.loader import load_playbook
    from b24kit.playbook.shipped import find_playbook
    from b24kit.robots.turns import StoredTurns
    from b24kit.robots.worker import Duty

    if not hasattr(portal, "stories"):
        raise UsageError("robots.not_watched", vendor=portal.capabilities.vendor)
    facts = portal.facts()
    watched = cast("WatchedPortal", portal)
    watched.offline_events()  # also where another process does the sweeps, our own writes must not come back to us
    turns = None if fixed_turns else StoredTurns(store, facts.id)
    book = load_playbook(find_playbook(playbook))
    # What a shadow looked at is not done: its cards stand apart in the store, and are looked at again in earnest.
    name = f"{facts.id}{SHADOW}" if shadow else facts.id
    rules = decider(book, portal, at.clock, turns, sends=sends)
    return Duty(
        portal_id=name,
        portal=watched,
        decide=rules,
        away=rules.away,
        shadow=shadow,
        claimed=partial(claimed, facts.id, state_dir()),
        acting=partial(acting, facts.id, state_dir()),
        posting=posting(book, portal) if sends else None,
        numbers=payment_numbers(book),
    )


def hook_secrets(at: Desk, profile: PortalProfile, tokens: Sequence[str] = ()) -> HookSecrets:
    """The secrets of a portal's address here; a new address is made at the first start, new tokens are remembered."""
    from b24kit.config.hook_secrets import HookSecrets, find_hook, keep_hook

    known = find_hook(profile.name, at.settings.folder, profile.host)
    if known is not None and (not tokens or set(tokens) <= set(known.tokens)):
        return known
    path = fresh_secret() if known is None else known.path
    kept = tuple(dict.fromkeys([*(known.tokens if known else ()), *tokens]))
    found = HookSecrets(path, kept)
    keep_hook(profile.name, profile.host, found)
    return found


def door_of(at: Desk, post: Post, secrets: HookSecrets) -> Door | None:
    """The receiver's door for a portal, None while it has no address here.

    On amoCRM the secret path proves a request; on Bitrix24 it takes an application token besides, and while none is
    known only an installation call of our own application is looked into.
    """
    from b24kit.cli.robots_welcome import KnownTokens, Welcome
    from b24kit.config.secrets import find_webhook
    from b24kit.config.settings import state_dir
    from b24kit.connectors.bitrix24.application import Application
    from b24kit.connectors.factory import read_credentials
    from b24kit.robots.server import Door

    if not secrets.path:
        return None
    known, profile = KnownTokens(secrets), post.profile
    access = read_credentials(find_webhook(profile.name, at.settings.folder, profile.host))
    welcome = None
    if isinstance(access, Application):
        welcome = Welcome(profile.name, access, known, at.clock, state_dir())
    return Door(post.duty.portal_id, secrets.path, StoredHints(cast("Hears", post.portal).hook(known)), welcome)


@dataclass(frozen=True, slots=True)
class StoredHints:
    """A connector's hook as the receiver wants it: hints in the words of its store."""

    hook: Hook

    def prove(self, form: Mapping[str, Any]) -> bool:
        return self.hook.prove(form)

    def decode(self, form: Mapping[str, Any]) -> list[Event]:
        from b24kit.robots.store import Event

        return [Event(one.card, one.kind.value) for one in self.hook.decode(form)]


def parse_also(playbook: str, pairs: Sequence[str]) -> dict[str | None, str]:
    """The playbook of the command's own portal, and `--also NAME=PLAYBOOK` pairs for further ones."""
    found: dict[str | None, str] = {None: playbook}
    for pair in pairs:
        name, separator, playbook = pair.partition("=")
        if not separator or not name or not playbook:
            raise UsageError("robots.bad_also", pair=pair)
        found[name.strip()] = playbook.strip()
    return found


def start_log() -> None:
    """One JSON object a line on stderr: codes, ids and counts; no names, no texts, no secrets."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    log = logging.getLogger("b24kit.robots")
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", {})
        at = self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z")
        line = {"at": at, "level": record.levelname.lower(), "event": record.getMessage(), **facts}
        return json.dumps(line, ensure_ascii=True, default=str)
