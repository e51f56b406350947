"""Files are kept by the fake portal, described as the vendor's pages show them, and fetched by the token alone."""

from __future__ import annotations

from base64 import b64encode

import httpx
import pytest

from b24kit.sandbox.server import Sandbox


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(seed={"kind": "company", "leads": 3, "seed": 7})


def test_a_file_on_a_comment_is_fetched_by_its_address(sandbox: Sandbox) -> None:
    with sandbox as portal:

        def call(method: str, **params: object) -> dict[str, object]:
            return dict(httpx.post(f"{portal.webhook_url}{method}", json=params).json())

        sent = [["отчёт.txt", b64encode(b"12345").decode()]]
        call("crm.timeline.comment.add", fields={"ENTITY_ID": 1, "ENTITY_TYPE": "lead", "COMMENT": "x", "FILES": sent})
        listed = call("crm.timeline.comment.list", filter={"ENTITY_ID": 1, "ENTITY_TYPE": "lead"})["result"]
        assert isinstance(listed, list)
        shown = listed[0]["FILES"]["1"]
        assert (shown["name"], shown["size"]) == ("отчёт.txt", 5)
        assert "/disk/downloadFile/1/" in shown["urlDownload"]
        described = call("disk.file.get", id=1)["result"]
        assert isinstance(described, dict) and described["SIZE"] == "5"
        address = httpx.URL(str(described["DOWNLOAD_URL"]))
        assert httpx.get(f"{portal.url}{address.raw_path.decode()}").content == b"12345"
        assert httpx.get(f"{portal.url}/rest/download.json?token=disk%7C99").status_code == 404
        assert call("disk.file.get", id=99)["error"] == "ERROR_NOT_FOUND"


def test_a_file_that_is_not_base64_is_refused(sandbox: Sandbox) -> None:
    with sandbox as portal:
        fields = {"ENTITY_ID": 1, "ENTITY_TYPE": "lead", "COMMENT": "x", "FILES": [["a", "*"]]}
        answer = httpx.post(f"{portal.webhook_url}crm.timeline.comment.add", json={"fields": fields}).json()
        assert answer["error"] == "INVALID_ARG_VALUE"
