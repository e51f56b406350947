"""The installation call of a local application over HTTP: proven, kept, and nothing learned by those who forge it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from b24kit.cli.robots_desk import StoredHints
from b24kit.cli.robots_welcome import KnownTokens, Welcome
from b24kit.cli.serving import Listening, Receiving
from b24kit.config.hook_secrets import HookSecrets, find_hook
from b24kit.connectors.bitrix24.application import Application, parse_application
from b24kit.connectors.bitrix24.events import BitrixHook
from b24kit.connectors.factory import open_portal
from b24kit.errors import NotAllowed
from b24kit.robots.metrics import Metrics
from b24kit.robots.server import INSTALLS_A_MINUTE, Door, Letterbox, Receiver
from b24kit.robots.store import Store
from b24kit.sandbox.remote import RemoteClock
from b24kit.sandbox.server import Sandbox
from tests.sandbox.bitrix24.office import CLIENT, SECRET, application, open_box

PATH = "install-path-of-this-test"


@dataclass
class House:
    """A receiver that listens, and the portal whose application calls it."""

    box: Sandbox
    access: Application
    known: KnownTokens
    url: str
    folder: Path
    clock: RemoteClock

    def post(self, **form: str) -> int:
        request = Request(self.url, urlencode(form).encode(), method="POST")
        try:
            with urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except OSError as error:
            return int(getattr(error, "code", 0))

    def installs(self) -> None:
        """The administrator saves the application's card on the portal: it is told of at once."""
        self.box.control.settings(applications=[application(install_url=self.url)])


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("B24KIT_SECRETS_FILE", str(tmp_path / "secrets.json"))
    for name in ("B24KIT_HOOK_MAIN", "B24KIT_HOOK_TOKENS_MAIN", "B24KIT_TOKEN_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    with open_box() as box:
        clock = RemoteClock(box.control)
        access = parse_application(f"{box.url} {CLIENT} {SECRET} {box.url}")
        known = KnownTokens(HookSecrets(PATH))
        welcome = Welcome("main", access, known, clock, tmp_path)
        store, metrics = Store(tmp_path / "robots.sqlite"), Metrics()
        letterbox = Letterbox(store, clock)
        door = Door("p", PATH, StoredHints(BitrixHook(known)), welcome)
        receiver = Receiver((door,), letterbox, clock, metrics, metrics.text)
        server = Listening(receiver.app, Receiving("127.0.0.1", 0, (door,)))
        server.start()
        yield House(box, access, known, f"http://127.0.0.1:{server.port}/hooks/{PATH}", tmp_path, clock)
        server.stop()
        letterbox.close()
        store.close()


def soon(what: Callable[[], bool]) -> bool:
    """Whether it comes true within a few real seconds."""
    for _ in range(200):
        if what():
            return True
        time.sleep(0.02)
    return False


def test_the_installation_opens_the_portal_and_its_token_proves_events_from_then_on(house: House) -> None:
    assert house.post(event="ONCRMLEADADD", **{"data[FIELDS][ID]": "1", "auth[application_token]": "x" * 32}) == 404
    house.installs()
    assert soon(lambda: len(house.known) == 1)
    portal = open_portal(house.access, house.clock, state_dir=house.folder)
    assert portal.facts().access == "application"
    portal.close()
    (token,) = house.known
    kept = find_hook("main", house.folder, house.access.host)
    assert kept is not None and kept.tokens == (token,) and kept.path == PATH
    assert house.post(event="ONCRMLEADADD", **{"data[FIELDS][ID]": "1", "auth[application_token]": token}) == 200


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"auth": "x"},
        {"auth[application_token]": "t" * 32},
        {"auth[application_token]": "t" * 32, "auth[access_token]": "a", "auth[refresh_token]": "forged"},
        {"auth[application_token]": "../../x", "auth[access_token]": "a", "auth[refresh_token]": "b"},
        {"auth[application_token][0]": "t" * 32},
    ],
    ids=["nothing", "flat", "no pair", "forged pair", "no token", "nested"],
)
def test_a_forged_installation_leaves_nothing_behind(house: House, form: dict[str, str]) -> None:
    if "auth[refresh_token]" in form:
        form = form | {"auth[expires_in]": "3600", "auth[domain]": "evil.example"}
    assert house.post(event="ONAPPINSTALL", **form) == 404
    assert len(house.known) == 0 and find_hook("main", house.folder, house.access.host) is None
    portal = open_portal(house.access, house.clock, state_dir=house.folder)
    with pytest.raises(NotAllowed):
        portal.facts()
    portal.close()


def test_installation_calls_are_looked_into_a_few_times_a_minute(house: House) -> None:
    statuses = [house.post(event="ONAPPINSTALL") for _ in range(INSTALLS_A_MINUTE + 2)]
    assert statuses == [404] * INSTALLS_A_MINUTE + [429] * 2
