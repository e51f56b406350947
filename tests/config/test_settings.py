"""A client's folder: what `b24kit.toml` may say, what is refused with its name, and what wins over what."""

from __future__ import annotations

from pathlib import Path

import pytest

from b24kit.config.settings import PortalProfile, forget_portal, load_settings, remember_portal
from b24kit.errors import UsageError

PORTAL = '[portal.main]\nhost = "my.bitrix24.ru"\n'


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("B24KIT_LANG", "B24KIT_PORTAL"):
        monkeypatch.delenv(name, raising=False)


def written(folder: Path, text: str) -> Path:
    (folder / "b24kit.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_folder_without_a_file_has_defaults(tmp_path: Path) -> None:
    found = load_settings(tmp_path)
    assert (found.lang, found.retention_days, dict(found.portals)) == ("ru", 90, {})


def test_the_only_portal_needs_no_name(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, PORTAL)).portal(None).host == "my.bitrix24.ru"


def test_several_portals_need_a_name_from_the_line_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = load_settings(written(tmp_path, PORTAL + PORTAL.replace("main", "other")))
    with pytest.raises(UsageError, match=r"config\.which_portal"):
        found.portal(None)
    monkeypatch.setenv("B24KIT_PORTAL", "other")
    assert (found.portal(None).name, found.portal("main").name) == ("other", "main")


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, 'lang = "en"\n')
    assert load_settings(tmp_path).lang == "en"
    monkeypatch.setenv("B24KIT_LANG", "ru")
    assert load_settings(tmp_path).lang == "ru"
    assert load_settings(tmp_path, "en").lang == "en"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[portal.main]\n", "config.portal_without_host"),
        (PORTAL + "speed = 9\n", "config.unknown_key"),
        (PORTAL + 'operating_limit = "much"\n', "config.wrong_value"),
        ('[run]\nretention_days = "long"\n', "config.wrong_value"),
        ("run = 1\n", "config.not_a_table"),
        ("[portal.main\n", "config.broken_file"),
        ('lang = "fr"\n', "config.unknown_language"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_settings(written(tmp_path, text))
    assert caught.value.code == code


def test_a_file_saved_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "b24kit.toml").write_bytes('# портал\nlang = "ru"\n'.encode("cp1251"))
    with pytest.raises(UsageError, match=r"config\.not_utf8"):
        load_settings(tmp_path)


def test_notepads_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "b24kit.toml").write_bytes(b"\xef\xbb\xbf" + PORTAL.encode())
    assert load_settings(tmp_path).portal("main").host == "my.bitrix24.ru"


def test_a_remembered_portal_reads_back_as_it_was(tmp_path: Path) -> None:
    profile = PortalProfile("main", "my.bitrix24.ru", enterprise=True, operating_limit=48.0, max_in_flight=4)
    remember_portal(tmp_path, PortalProfile("other", "b.bitrix24.ru"))
    remember_portal(tmp_path, profile)
    assert load_settings(tmp_path).portal("main") == profile


def test_other_lines_survive_adding_and_forgetting(tmp_path: Path) -> None:
    written(tmp_path, "# ours\n[run]\nretention_days = 30\n")
    remember_portal(tmp_path, PortalProfile("main", "a.bitrix24.ru"))
    remember_portal(tmp_path, PortalProfile("second", "b.bitrix24.ru"))
    forget_portal(tmp_path, "main")
    text = (tmp_path / "b24kit.toml").read_text(encoding="utf-8")
    assert text.startswith("# ours\n[run]\nretention_days = 30\n") and "a.bitrix24.ru" not in text
    assert load_settings(tmp_path).portal(None).name == "second"
