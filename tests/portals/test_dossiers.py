"""What every portal tells of a card and all that hangs on it, and what it takes back."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.dossier import Attachment, Dossier, Part, print_of
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Bind, Change, Create, Delete, Unbind
from tests.portals.conftest import DOSSIER_REQUESTS, Field

ONLY = ("bitrix24",)
SANDBOX_ONLY = "letters, files and products of cards are made on the sandbox only: a real one might be sent"

LEAD = Ref(Kind.LEAD, "5")
LETTER: dict[str, Any] = {
    "card": str(LEAD), "channel": "email", "direction": "in", "subject": "Счёт", "text": "Добрый день", "done": True,
    "responsible": "3", "address": "ann@acme.example", "start": "2025-02-03T10:00:00+00:00",
    "letter": {"sender": "Ann <ann@acme.example>", "to": "info@we.example", "headers": {"Message-Id": "<1@acme>"}},
    "files": [{"name": "счёт.pdf", "content": b64encode(b"%PDF").decode()}],
}  # fmt: skip
COMMENT: dict[str, Any] = {
    "card": str(LEAD),
    "text": "Звонил",
    "files": [{"name": "a.txt", "content": b64encode(b"hello").decode()}],
}
PRODUCT: dict[str, Any] = {"card": str(LEAD), "name": "Курс", "price": 100.5, "quantity": 2, "sort": 10}


def dossier(field: Field, ref: Ref = LEAD) -> Dossier:
    [found] = field.portal.dossiers([ref])
    return found


def prints(found: Dossier, part: Part) -> list[str]:
    return sorted(print_of(kind, item) for kind, _, item in found.items() if kind is part)


def test_what_is_hung_on_a_card_is_read_back_with_its_files(field: Field) -> None:
    field.needs("create activity")
    before = dossier(field)
    letter = field.made(Create("p.l", Kind.ACTIVITY, LETTER))
    comment = field.made(Create("p.c", Kind.COMMENT, COMMENT))
    row = field.made(Create("p.p", Kind.PRODUCT, PRODUCT))
    task = field.made(Create("p.t", Kind.TASK, {"card": str(LEAD), "title": "Позвонить", "owner": "3", "done": True}))
    now = dossier(field)
    assert len(now.activities) == len(before.activities) + 1
    [read] = [one for one in now.activities if one["id"] == letter]
    assert (read["subject"], read["text"], read["address"]) == ("Счёт", "Добрый день", "ann@acme.example")
    assert read["letter"]["headers"] == {"Message-Id": "<1@acme>"}
    assert [one["id"] for one in now.comments] == [comment]
    assert [(one["id"], one["price"], one["quantity"]) for one in now.products] == [(row, 100.5, 2)]
    assert [(one["id"], one["title"], one["done"]) for one in now.tasks] == [(task, "Позвонить", True)]
    contents = {file.name: content for file, content in field.portal.contents(now.files)}
    assert contents == {"счёт.pdf": b"%PDF", "a.txt": b"hello"}
    assert field.letters_sent() == 0


def test_no_address_with_access_in_it_stands_in_a_dossier(field: Field) -> None:
    field.needs("create activity")
    field.made(Create("p.l", Kind.ACTIVITY, LETTER))
    field.made(Create("p.c", Kind.COMMENT, COMMENT))
    text = str(dossier(field).body())
    assert "auth=" not in text and "download" not in text.lower()


def test_a_card_with_more_letters_than_a_page_is_read_whole(field: Field) -> None:
    field.needs("create activity")
    known = len(dossier(field).activities)
    field.do(*(Create(f"p.{number}", Kind.ACTIVITY, {**LETTER, "files": []}) for number in range(120)))
    found = dossier(field).activities
    assert len(found) == len({one["id"] for one in found}) == known + 120


def test_many_cards_take_few_requests(field: Field) -> None:
    leads = [lead.ref for lead in field.portal.leads()]
    field.control.forget_metrics()
    found = list(field.portal.dossiers([*leads, Ref(Kind.LEAD, "99999")]))
    assert [one.ref for one in found] == leads
    metrics = field.control.metrics()
    # Two rounds of cards, four lists a card and three questions together; unknown methods start with small batches.
    assert metrics["requests"] <= DOSSIER_REQUESTS[field.vendor]


def test_what_was_removed_does_not_survive_and_what_hangs_elsewhere_does(field: Field) -> None:
    field.needs("create activity")
    contact = next(iter(field.portal.contacts())).ref
    alone = field.made(Create("p.1", Kind.ACTIVITY, {**LETTER, "files": []}))
    shared = field.made(Create("p.2", Kind.ACTIVITY, {**LETTER, "files": []}))
    comment = field.made(Create("p.3", Kind.COMMENT, {"card": str(LEAD), "text": "x"}))
    remark = field.made(Create("p.4", Kind.COMMENT, {"card": str(LEAD), "text": "y"}))
    task = field.made(Create("p.5", Kind.TASK, {"card": str(LEAD), "title": "t", "owner": "3"}))
    field.do(
        Bind("p.6", Ref(Kind.ACTIVITY, shared), contact),
        Bind("p.7", Ref(Kind.COMMENT, remark), contact),
    )
    field.do(Delete("p.8", LEAD))
    kinds = {Kind.ACTIVITY: (alone, shared), Kind.COMMENT: (comment, remark), Kind.TASK: (task,)}
    asked = [Ref(kind, one) for kind, ids in kinds.items() for one in ids]
    assert field.portal.surviving(asked) == {Ref(Kind.ACTIVITY, shared), Ref(Kind.COMMENT, remark)}


@pytest.mark.parametrize("done", [True, False], ids=["done", "lost"])
@pytest.mark.parametrize("kind", [Kind.ACTIVITY, Kind.COMMENT, Kind.PRODUCT])
def test_a_lost_answer_about_what_was_hung_on_a_card_is_settled_by_looking(
    field: Field, kind: Kind, done: bool
) -> None:
    field.needs(f"create {kind.value}")
    values = {Kind.ACTIVITY: {**LETTER, "files": []}, Kind.COMMENT: {**COMMENT, "files": []}, Kind.PRODUCT: PRODUCT}
    write = Create(f"p.{kind.value}", kind, values[kind])
    with field.losing_answers(done=done):
        list(field.portal.perform([write], lambda batch: None))
    field.clock.sleep(61)
    result = field.portal.settle([write])[write.key]
    assert (result.settled.value, bool(result.new_id)) == (("done", True) if done else ("not_executed", False))


def test_a_letter_that_went_out_is_ticked_off_without_being_sent(field: Field) -> None:
    field.needs("create activity")
    values = {**LETTER, "direction": "out", "done": False, "files": []}
    made = Ref(Kind.ACTIVITY, field.made(Create("p.1", Kind.ACTIVITY, values)))
    field.do(Change("p.2", made, {"done": True}, {"done": False}))
    [read] = [one for one in dossier(field).activities if one["id"] == made.id]
    assert (read["direction"], read["done"]) == ("out", True)
    assert field.letters_sent() == 0


def test_a_comment_can_be_taken_off_a_card_again(field: Field) -> None:
    field.needs("bind comment")
    contact = next(iter(field.portal.contacts())).ref
    comment = Ref(Kind.COMMENT, field.made(Create("p.1", Kind.COMMENT, {"card": str(LEAD), "text": "x"})))
    field.do(Bind("p.2", comment, contact))
    assert [one["id"] for one in dossier(field, contact).comments] == [comment.id]
    field.do(Unbind("p.3", comment, contact))
    assert dossier(field, contact).comments == ()


def test_files_that_this_access_may_not_read_come_without_content(field: Field) -> None:
    if "webhooks" not in field.control.settings():
        pytest.skip("an access here is no list of scopes")
    field.made(Create("p.c", Kind.COMMENT, COMMENT))
    narrow = {"user_id": 1, "code": "narrow0000000000", "scopes": ["crm", "user", "department"]}
    field.control.settings(webhooks=[*field.control.settings()["webhooks"], narrow])
    poor = open_portal(Webhook.parse(f"http://{field.portal.facts().id}/rest/1/{narrow['code']}/"), field.clock)
    [found] = poor.dossiers([LEAD])
    assert found.unread == {"tasks"}
    assert [content for _, content in poor.contents(found.files)] == [None]
    assert list(poor.contents([Attachment("9999")])) == [(Attachment("9999"), None)]
    poor.close()


def test_product_rows_of_a_card_that_stays_are_counted_where_it_has_an_amount(field: Field) -> None:
    if field.vendor not in ONLY:
        pytest.skip("no product rows here")
    leads = [lead.ref for lead in field.portal.leads()]

    def counted() -> tuple[dict[Ref, Dossier], int]:
        field.control.forget_metrics()
        found = {one.ref: one for one in field.portal.belongings(leads)}
        return found, field.control.metrics()["commands"]

    bare, cheap = counted()
    assert bare[LEAD].products == ()
    row = field.made(Create("p.p", Kind.PRODUCT, PRODUCT))
    found, dear = counted()
    assert [(one["id"], one["price"]) for one in found[LEAD].products] == [(row, 100.5)]
    assert dear == cheap + 1
