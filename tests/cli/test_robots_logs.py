"""The log of robots, through a whole scenario with failures: events, codes and counts, and nobody's data or secret."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from b24kit.robots.worker import LONGEST, TRIES
from tests.cli.conftest import Answer, Consultant

PLAYBOOK = """
b24kit: 1
name: whole
title: Всё сразу
routing: {{intake: {intake}, assigned: null}}
sla:
  rules: [{{name: first, stages: {intake}, action: call, within: 15m, warn_before: 5m, head_after: 15m}}]
cadence:
  sequences:
    - name: one
      stages: {intake}
      steps: [{{by: [call, email], title: "Связаться: {{first_name}}", script: "{{first_name}}, здравствуйте!"}}]
"""


@pytest.fixture
def playbook(at_work: Consultant) -> str:
    leads = at_work.control.dump(["lead"])["tables"]["lead"]
    file = at_work.folder / "whole.yaml"
    file.write_text(PLAYBOOK.format(intake=leads["1"]["STATUS_ID"]), encoding="utf-8")
    return str(file)


def private_words(at: Consultant) -> Iterator[str]:
    """Names, phones and addresses of everybody in the company, its firms and their sites, titles of leads, secrets."""
    truth = at.control.truth()
    for person in truth["persons"].values():
        yield from person["name"].split()
        yield from person["addresses"]
        if person["phone"]:
            yield person["phone"].lstrip("+")
    for firm in truth["companies"].values():
        yield from (firm["title"], firm["domain"] or "")
    tables = at.control.dump(["lead", "user"])["tables"]
    for lead in tables["lead"].values():
        yield str(lead["TITLE"])
        yield from (str(point.get("VALUE")) for name in ("PHONE", "EMAIL") for point in lead.get(name) or ())
    for user in tables["user"].values():
        yield from (str(user.get(name) or "") for name in ("NAME", "LAST_NAME", "EMAIL"))
    yield at.secret


@pytest.mark.slow
def test_the_log_of_a_whole_scenario_holds_no_name_phone_address_or_secret(at_work: Consultant, playbook: str) -> None:
    words = {word for word in private_words(at_work) if len(word) >= 4}
    assert len(words) > 150
    answers = list(_scenario(at_work, playbook, sorted(words)))
    lines = [json.loads(line) for one in answers for line in one.err.splitlines() if line.startswith("{")]
    assert {"swept", "given_up", "portal_failed"} <= {line["event"] for line in lines}
    log = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).lower()
    assert [word for word in words if word.lower() in log] == []
    assert at_work.json("robots", "status").document["dead"] == 0


def _scenario(at: Consultant, playbook: str, words: list[str]) -> Iterator[Answer]:
    """Everything is refused in words that quote a client until cards are given up; they are retried while a
    right is missing; at last all goes well."""
    run = ("--json", "robots", "run", playbook, "--once")
    at.control.faults({"kind": "refuse", "methods": ["crm.lead.update"], "text": " ".join(words[:40])})
    for _ in range(TRIES):
        yield at.types(*run)
        at.control.advance(LONGEST.total_seconds())
    assert int(at.json("robots", "status").document["dead"]), "nothing was given up"
    refused = {"kind": "refuse", "methods": ["crm.stagehistory.list"], "code": "insufficient_scope", "status": 403}
    at.control.faults({**refused, "text": " ".join(words[40:80])})
    yield at.types("--json", "robots", "retry")
    yield at.types(*run)
    at.control.faults()
    at.control.advance(LONGEST.total_seconds())
    last = at.types(*run)
    assert last.exit == 0, last.err
    yield last
