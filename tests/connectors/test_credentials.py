"""A pasted webhook: what people paste, and that its secret cannot be printed."""

from __future__ import annotations

import pytest

from b24kit.connectors.credentials import Webhook, is_loopback
from b24kit.errors import UsageError
from b24kit.i18n import has

SECRET = "a1b2c3d4e5f6g7h8"
GOOD = f"https://my.bitrix24.com/rest/17/{SECRET}/"


@pytest.mark.parametrize(
    "pasted",
    [
        GOOD,
        GOOD.rstrip("/"),
        f"  '{GOOD}' \n",
        f"<{GOOD}>",
        f"«{GOOD}»",
        f"my.bitrix24.com/rest/17/{SECRET}",
        f"HTTPS://MY.Bitrix24.com/rest/17/{SECRET}/crm.lead.list.json?start=0",
        f"https://my.bitrix24.com/rest/api/17/{SECRET}/",
    ],
)
def test_whatever_was_copied_with_the_address_is_taken_off(pasted: str) -> None:
    assert Webhook.parse(pasted) == Webhook("my.bitrix24.com", "17", SECRET)


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("   ", "webhook_empty"),
        ("https://my.bitrix24.com/rest/17/ab\ncdefgh/", "webhook_has_blanks"),
        (f"http://my.bitrix24.com/rest/17/{SECRET}/", "webhook_not_https"),
        (f"ftp://my.bitrix24.com/rest/17/{SECRET}/", "webhook_not_https"),
        (f"https:///rest/17/{SECRET}/", "webhook_bad_host"),
        (f"https://bitrix24/rest/17/{SECRET}/", "webhook_bad_host"),
        (f"https://my.bitrix24.com:port/rest/17/{SECRET}/", "webhook_bad_host"),
        (f"https://user:{SECRET}@my.bitrix24.com/rest/17/{SECRET}/", "webhook_bad_host"),
        ("https://my.bitrix24.com/", "webhook_is_only_a_portal"),
        ("https://my.bitrix24.com/devops/edit/in-hook/5/", "webhook_is_a_page"),
        (f"https://my.bitrix24.com/rest/{SECRET}/", "webhook_without_user"),
        ("https://my.bitrix24.com/rest/17/", "webhook_without_secret"),
        ("https://my.bitrix24.com/rest/17/***/", "webhook_bad_secret"),
        ("https://my.bitrix24.com/rest/17/ab…/", "webhook_bad_secret"),
    ],
)
def test_each_usual_mistake_is_named_without_telling_the_secret(pasted: str, code: str) -> None:
    with pytest.raises(UsageError) as raised:
        Webhook.parse(pasted)
    assert raised.value.code == code
    assert SECRET not in str(raised.value) + repr(raised.value)
    assert has(f"error.{code}") and has(f"next.{code}", "en")


def test_plain_http_is_let_through_on_this_machine_only() -> None:
    assert Webhook.parse(f"http://127.0.0.1:8024/rest/1/{SECRET}/").host == "127.0.0.1:8024"
    assert Webhook.parse(f"http://localhost/rest/1/{SECRET}/").scheme == "http"
    assert is_loopback("[::1]:80")
    assert not is_loopback("127.0.0.1.evil.example")


def test_the_secret_never_shows() -> None:
    webhook = Webhook.parse(GOOD)
    shown = f"{webhook} {webhook!r} {webhook.fingerprint} {[webhook]} {webhook.mask(GOOD)}"
    assert SECRET not in shown
    assert "***" in str(webhook)


def test_two_webhooks_have_two_fingerprints() -> None:
    webhook = Webhook.parse(GOOD)
    assert webhook.fingerprint == Webhook.parse(GOOD).fingerprint
    assert webhook.fingerprint != Webhook("my.bitrix24.com", "18", SECRET).fingerprint
