"""What may be pasted as access to an account, and that no secret is ever shown."""

from __future__ import annotations

import pytest

from b24kit.connectors.amocrm.access import Integration, LongLived, claims, parse_access, parse_host, trusted
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import read_credentials, stored_form, vendor_of
from b24kit.errors import UsageError

TOKEN = "eyJhbGciOi.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"
PARTS = "https://my.kommo.com 0a1b-id s3cr3t-s3cr3t-s3cr3t https://app.example/cb"


@pytest.mark.parametrize(
    "pasted",
    [
        f"https://my.amocrm.ru {TOKEN}",
        f"  my.amocrm.ru\n{TOKEN}\n",
        f"https://my.amocrm.ru/leads/pipeline/1 '{TOKEN}'",
    ],
    ids=["line", "two-lines", "a-page"],
)
def test_an_address_and_a_token_are_taken_however_they_were_copied(pasted: str) -> None:
    found = read_credentials(pasted)
    assert isinstance(found, LongLived) and (found.host, found.token) == ("my.amocrm.ru", TOKEN)
    assert read_credentials(stored_form(found)) == found and vendor_of(found) == "amocrm"


def test_an_integration_has_four_parts_and_is_kept_with_all_of_them() -> None:
    found = parse_access(PARTS)
    assert isinstance(found, Integration) and found.redirect_uri == "https://app.example/cb"
    assert parse_access(found.stored) == found


def test_a_webhook_is_still_a_webhook() -> None:
    found = read_credentials("https://my.bitrix24.ru/rest/1/abcdef0123456789/")
    assert isinstance(found, Webhook) and vendor_of(found) == "bitrix24"


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("", "amo_address_missing"),
        ("https://my.amocrm.ru", "amo_token_missing"),
        ("https://my.amocrm.ru ***", "amo_bad_token"),
        (f"https://www.amocrm.ru {TOKEN}", "amo_bad_host"),
        (f"https://amocrm.ru.evil.example {TOKEN}", "amo_bad_host"),
        (f"http://my.amocrm.ru {TOKEN}", "amo_bad_host"),
        (f"https://my.amocrm.ru {TOKEN} more", "amo_bad_access"),
    ],
    ids=["nothing", "no-token", "masked", "marketing", "stranger", "open", "three"],
)
def test_a_mistake_is_named(pasted: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_access(pasted)
    assert caught.value.code == code and TOKEN not in str(caught.value)


def test_secrets_stand_in_no_text() -> None:
    for found in (LongLived("my.amocrm.ru", TOKEN), parse_access(PARTS)):
        shown = f"{found} {found!r}"
        assert TOKEN not in shown and "s3cr3t" not in shown
    assert "s3cr3t" not in parse_access(PARTS).mask("it was s3cr3t-s3cr3t-s3cr3t")


@pytest.mark.parametrize(
    ("scheme", "host", "here", "is_trusted"),
    [
        ("https", "new.amocrm.ru", "old.amocrm.ru", True),
        ("https", "api-b.kommo.com", None, True),
        ("https", "notamocrm.ru", None, False),
        ("http", "new.amocrm.ru", None, False),
        ("http", "127.0.0.1:80", "old.amocrm.ru", False),
        ("http", "127.0.0.1:80", "127.0.0.1:81", True),
    ],
)
def test_a_token_goes_only_where_it_may(scheme: str, host: str, here: str | None, is_trusted: bool) -> None:
    assert trusted(scheme, host, here) is is_trusted


def test_a_host_is_read_out_of_any_page_of_the_account() -> None:
    assert parse_host("HTTPS://My.AmoCRM.ru/settings/") == ("https", "my.amocrm.ru")


@pytest.mark.parametrize("token", ["", "a.b", "a.%%.c", "a.bm90IGpzb24.c"])
def test_a_token_that_tells_nothing_has_no_claims(token: str) -> None:
    assert claims(token) == {}
