"""An amoCRM account added on the command line."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from b24kit.sandbox.amocrm.integrations import DEFAULT
from b24kit.sandbox.server import Sandbox
from tests.cli.conftest import Consultant


def allowed(url: str) -> str:
    """The code that a person's yes on the consent page brings."""
    form = {"client_id": DEFAULT.client_id, "user_id": "1", "answer": "allow"}
    answer = httpx.post(f"{url}/oauth", data=form, follow_redirects=False)
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


@pytest.mark.parametrize("way", ["token", "oauth"])
def test_an_account_is_added_and_known_from_then_on(consultant: Consultant, way: str) -> None:
    # The command lives by another portal's clock here: the speed of this one would not be kept.
    seed, manners = {"kind": "company", "leads": 60, "seed": 7}, {"rate": None}
    with Sandbox(vendor="amocrm", seed=seed, manners=manners) as sandbox:
        four = f"{sandbox.url} {DEFAULT.client_id} {DEFAULT.client_secret} {DEFAULT.redirect_uri}"
        typed = f"{sandbox.url} {sandbox.token}" if way == "token" else f"{four} {allowed(sandbox.url)}"
        assert consultant.types("portal", "add", "amo", typed=typed).exit == 0
        info = consultant.json("portal", "info").document
        assert info["admin"] is True and info["access"] == ("token" if way == "token" else "application")
        text = (consultant.folder / "b24kit.toml").read_text(encoding="utf-8")
        assert 'vendor = "amocrm"' in text
        secrets = (sandbox.token, DEFAULT.client_secret)
        assert not any(secret.encode() in path.read_bytes() for path in consultant.files() for secret in secrets)


def test_an_address_without_a_token_is_named(consultant: Consultant) -> None:
    answer = consultant.json("portal", "add", "amo", typed="https://my.amocrm.ru")
    assert (answer.exit, answer.document["code"]) == (64, "amo_token_missing")
    assert "→" in answer.err
