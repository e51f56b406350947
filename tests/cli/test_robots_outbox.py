"""Letters to clients on the command line: written by rules, let go by a person, sent only where all agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.refs import Kind
from b24kit.crm.writes import Create, Write
from b24kit.sandbox.remote import RemoteClock
from b24kit.sandbox.server import Sandbox
from tests.cli.conftest import Consultant

PLAYBOOK = """
b24kit: 1
name: letters
title: Письма
send: "{send}"
sending: {{hours: "00:00-24:00", weekdays_only: false, approve: {approve}, per_day: 7}}
spawn:
  marketing:
    - name: news
      pipeline: "0"
      letters:
        - {{stage: {stage}, after: 0m, by: email, subject: Новости, text: "{{first_name}}, здравствуйте!"}}
      on_reply: {{pipeline: "0", stage: {stage}}}
      replied: {{stage: LOSE, reason: ответил}}
      exhausted: {{stage: LOSE, reason: молчит}}
"""


def written(at: Consultant, send: str = "armed", approve: str = "person") -> str:
    """A playbook whose only letter is for deals that stand on the first stage."""
    file = at.folder / "letters.yaml"
    file.write_text(PLAYBOOK.format(send=send, approve=approve, stage="NEW"), encoding="utf-8")
    return str(file)


def deals_of_contacts(sandbox: Sandbox, count: int) -> None:
    """So many fresh deals, each of another contact that has an address of his own."""
    portal = open_portal(Webhook.parse(sandbox.webhook_url), RemoteClock(sandbox.control))
    known: dict[str, str] = {}
    for contact in portal.contacts():
        if contact.emails:
            known.setdefault(contact.emails[0].lower(), contact.id)
    people = list(known.values())[:count]
    assert len(people) == count
    writes: list[Write] = [
        Create(f"d{who}", Kind.DEAL, {"title": "Сделка", "pipeline": "0", "stage": "NEW", "contact": who, "owner": "1"})
        for who in people
    ]
    list(portal.perform(writes, lambda _: None))
    portal.close()


@pytest.fixture
def sender(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Consultant]:
    """A consultant like all others, only that letters may really leave here."""
    folder, private = tmp_path / "client", tmp_path / "private"
    folder.mkdir()
    with Sandbox(seed={"kind": "company", "leads": 60, "seed": 7}, clock="moved", grace=0.001) as sandbox:
        monkeypatch.setenv("B24KIT_STATE_DIR", str(private / "state"))
        monkeypatch.setenv("B24KIT_SECRETS_FILE", str(private / "secrets.json"))
        monkeypatch.setenv("B24KIT_DIR", str(folder))
        monkeypatch.setenv("B24KIT_CLOCK", sandbox.url)
        monkeypatch.delenv("B24KIT_WEBHOOK_MAIN", raising=False)
        found = Consultant(folder, private, sandbox.webhook_url, sandbox.control, capsys, monkeypatch)
        assert found.adds_the_portal().exit == 0
        deals_of_contacts(sandbox, 6)
        yield found


def unsent(at: Consultant) -> dict[str, str]:
    """Ids of what stands in the outbox, with their states."""
    return {row["id"]: row["state"] for row in at.json("robots", "outbox").document["tables"][0]["rows"]}


def test_unarmed_in_either_place_no_letter_leaves(sender: Consultant) -> None:
    off = written(sender, send="off")
    assert sender.types("robots", "run", off, "--once", "--send").exit == 64
    assert sender.types("robots", "run", off, "--once").exit == 0
    ids = list(unsent(sender))
    assert ids
    assert sender.types("robots", "outbox", "approve", ids[0]).exit == 0
    armed = written(sender)
    assert sender.types("robots", "run", armed, "--once").exit == 0
    assert sender.control.mails() == []


def test_armed_twice_exactly_what_was_let_go_leaves(sender: Consultant) -> None:
    armed = written(sender)
    assert sender.types("robots", "run", armed, "--once", "--send").exit == 0
    assert sender.control.mails() == []
    ids = list(unsent(sender))
    assert len(ids) > 3
    assert sender.types("robots", "outbox", "approve", *ids[:2]).exit == 5  # two at once need the phrase
    assert sender.json("robots", "outbox", "approve", *ids[:2], "--confirm", "send 2").document["approved"] == 2
    assert sender.types("robots", "outbox", "drop", ids[2]).exit == 0
    for _ in range(2):
        assert sender.types("robots", "run", armed, "--once", "--send").exit == 0
    assert len(sender.control.mails()) == 2
    left = unsent(sender)
    assert not set(ids[:3]) & set(left) and set(left.values()) == {"waiting"}
    spoken = sender.types("--lang", "en", "robots", "outbox")
    assert "waits for your consent" in spoken.out


def test_letters_without_a_person_need_the_number_typed_and_keep_to_it(sender: Consultant) -> None:
    armed = written(sender, approve="rule")
    refused = sender.types("--lang", "en", "robots", "run", armed, "--once", "--send")
    assert refused.exit == 5 and "send 7" in refused.err
    assert sender.control.mails() == []
    assert sender.types("robots", "run", armed, "--once", "--send", "--confirm", "отправить 7").exit == 0
    assert 0 < len(sender.control.mails()) <= 7


@pytest.mark.parametrize("arguments", [(), ("x", "--all"), ("00000000",)])
def test_what_names_no_message_is_said_so(at_work: Consultant, arguments: tuple[str, ...]) -> None:
    assert at_work.types("robots", "outbox", "drop", *arguments).exit == 64
