"""Where a webhook is looked for and kept; the nearest place wins, and the file is its owner's alone."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from b24kit.config.secrets import find_beside, find_webhook, forget_webhook, keep_beside, keep_webhook, variable
from b24kit.errors import UsageError

HOOK = "https://my.bitrix24.ru/rest/1/{}/"


@pytest.fixture(autouse=True)
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A secrets file of this test."""
    file = tmp_path / "private" / "secrets.json"
    monkeypatch.setenv("B24KIT_SECRETS_FILE", str(file))
    monkeypatch.delenv(variable("main"), raising=False)
    return file


def test_the_environment_wins_over_the_folder_and_the_folder_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_webhook("main", HOOK.format("from-file"))
    assert find_webhook("main", tmp_path) == HOOK.format("from-file")
    (tmp_path / ".env").write_text(f'{variable("main")}="{HOOK.format("from-dotenv")}"\n', encoding="utf-8")
    assert find_webhook("main", tmp_path) == HOOK.format("from-dotenv")
    monkeypatch.setenv(variable("main"), HOOK.format("from-environment"))
    assert find_webhook("main", tmp_path) == HOOK.format("from-environment")


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_the_file_is_its_owners_alone(own_file: Path) -> None:
    keep_webhook("main", HOOK.format("secret"))
    keep_webhook("other", HOOK.format("second"))
    assert stat.S_IMODE(own_file.stat().st_mode) == 0o600


def test_a_portal_without_a_secret_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        find_webhook("main", tmp_path)
    assert caught.value.code == "config.no_secret"
    assert caught.value.facts["variable"] == "B24KIT_WEBHOOK_MAIN"


def test_a_broken_file_is_named_and_not_overwritten(own_file: Path, tmp_path: Path) -> None:
    own_file.parent.mkdir(parents=True)
    own_file.write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match=r"config\.broken_secrets"):
        keep_webhook("main", HOOK.format("secret"))
    assert own_file.read_text(encoding="utf-8") == "{"


def test_forgetting_tells_whether_there_was_anything(tmp_path: Path) -> None:
    keep_webhook("main", HOOK.format("secret"))
    assert forget_webhook("main") and not forget_webhook("main")


def test_a_portals_name_makes_a_variable_that_every_shell_takes() -> None:
    assert variable("my-portal") == "B24KIT_WEBHOOK_MY_PORTAL"


def test_what_is_kept_beside_an_access_is_of_one_portal_and_goes_with_it(tmp_path: Path) -> None:
    for host in ("one.bitrix24.ru", "two.bitrix24.ru"):
        keep_webhook("main", HOOK.format("secret"), host=host)
        keep_beside("hook", "main", host, f"path of {host}")
    assert find_beside("hook", "main", "one.bitrix24.ru", tmp_path) == "path of one.bitrix24.ru"
    assert forget_webhook("main", "one.bitrix24.ru")
    assert find_beside("hook", "main", "one.bitrix24.ru", tmp_path) == ""
    assert find_beside("hook", "main", "two.bitrix24.ru", tmp_path) == "path of two.bitrix24.ru"


def test_two_clients_folders_may_call_their_portals_alike(tmp_path: Path) -> None:
    keep_webhook("main", HOOK.format("first"), host="one.bitrix24.ru")
    keep_webhook("main", HOOK.format("second"), host="two.bitrix24.ru")
    assert find_webhook("main", tmp_path, "one.bitrix24.ru") == HOOK.format("first")
    assert find_webhook("main", tmp_path, "two.bitrix24.ru") == HOOK.format("second")
    assert forget_webhook("main", "one.bitrix24.ru")
    assert find_webhook("main", tmp_path, "two.bitrix24.ru") == HOOK.format("second")
