"""The recorder of calls keeps secrets out."""

from __future__ import annotations

import json
from pathlib import Path

from b24kit.connectors.credentials import Webhook
from b24kit.connectors.tap import Tap, masked
from tests.connectors.wire import adds, client, portal


def test_what_stands_under_a_secrets_name_is_hidden_at_any_depth() -> None:
    told = masked({"auth": {"access_token": "x"}, "rows": [{"REFRESH_TOKEN": "y", "TITLE": "z"}]})
    assert told == {"auth": "***", "rows": [{"REFRESH_TOKEN": "***", "TITLE": "z"}]}


def test_calls_and_commands_of_batches_are_a_line_each(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    with portal() as box, client(box, tap=Tap(file)) as ours:
        ours.call("profile")
        list(ours.run([*adds(2), *adds(0)]))
        assert isinstance(ours.webhook, Webhook)
        secret = ours.webhook.secret
        list(ours.rows("crm.lead.list", {"select": ["ID"]}))
    text = file.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["method"] for line in lines[:3]] == ["profile", "crm.lead.add", "crm.lead.add"]
    assert lines[1]["in_batch"] and lines[1]["params"] == {"fields": {"TITLE": "Lead 0"}}
    assert "time" in lines[0]["response"] and isinstance(lines[1]["response"]["result"], int)
    assert any(line["method"] == "crm.lead.list" and "total" in line["response"] for line in lines)
    assert secret not in text
    assert file.stat().st_mode & 0o077 == 0


def test_refusals_are_recorded_too(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    with portal() as box, client(box, tap=Tap(file)) as ours:
        list(ours.run([*adds(1)]))
        box.control.faults({"kind": "refuse", "methods": ["crm.lead.add"], "code": "ERROR_CORE"})
        list(ours.run([*adds(1)]))
    last = json.loads(file.read_text(encoding="utf-8").splitlines()[-1])
    assert last["status"] == 400 and last["response"]["error"] == "ERROR_CORE"
