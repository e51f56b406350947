"""The generated company as an amoCRM account: the same people, letters and truth as on the other vendor."""

from __future__ import annotations

from collections import Counter as Count
from pathlib import Path
from typing import Any

import pytest

from b24kit.sandbox.seeds import organiser
from tests.sandbox.amocrm.desk import Desk
from tests.sandbox.bitrix24.counter import Counter

LEADS = 1000


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="module")
def planted(desk: Desk) -> dict[str, Any]:
    return desk.planted(kind="company", leads=LEADS, seed=7)


@pytest.fixture(scope="module")
def twin() -> dict[str, Any]:
    return Counter().planted(kind="company", leads=LEADS, seed=7)


@pytest.fixture(autouse=True)
def _planted_first(planted: dict[str, Any]) -> None:
    """Every test stands on the planted account."""


def rows(desk: Desk, table: str) -> dict[int, dict[str, Any]]:
    return desk.portal.store[table].rows


def every(desk: Desk, address: str, collection: str) -> list[dict[str, Any]]:
    """All pages of a list."""
    joint, found, page = "&" if "?" in address else "?", [], 1
    while (body := desk.ask("GET", f"{address}{joint}limit=250&page={page}")) is not None:
        found += body["_embedded"][collection]
        page += 1
    return found


def values(card: dict[str, Any], code: str) -> list[Any]:
    fields = card["custom_fields_values"] or []
    return [one["value"] for field in fields if field["field_code"] == code for one in field["values"]]


def test_the_same_people_wrote_the_same_letters_in_the_same_order(
    planted: dict[str, Any], twin: dict[str, Any]
) -> None:
    here, there = (list(told["truth"]["leads"].values()) for told in (planted, twin))
    assert len(here) == len(there) == LEADS
    same = ("class", "person", "company", "event", "manager_id", "label", "malformed", "planned", "text", "thread")
    for mine, other in zip(here, there, strict=True):
        assert {key: mine.get(key) for key in same} == {key: other.get(key) for key in same}
        for key in ("contact_id", "company_id", "deal_id"):
            assert (mine[key] is None) == (other[key] is None)
        assert other.keys() <= mine.keys()
    assert planted["truth"].keys() == twin["truth"].keys()
    for mine, other in zip(*(told["truth"]["persons"].values() for told in (planted, twin)), strict=True):
        different = ("contact_id", "deals")
        assert all(mine[key] == other[key] for key in other if key not in different)
        assert len(mine["deals"]) == len(other["deals"])
    for kind in ("lead", "company", "deal", "user"):
        assert planted["rows"][kind] == twin["rows"][kind]


def test_the_same_seed_gives_the_same_account_to_the_byte(desk: Desk) -> None:
    again, other = Desk(), Desk()
    again.planted(kind="company", leads=LEADS, seed=7)
    other.planted(kind="company", leads=LEADS, seed=8)
    assert again.portal.store.dump() == desk.portal.store.dump() != other.portal.store.dump()


def test_every_inquiry_has_a_contact_of_its_own_hidden_while_nobody_accepted_it(
    desk: Desk, planted: dict[str, Any]
) -> None:
    waiting = {row["lead_id"]: row for row in rows(desk, "unsorted").values()}
    for lead_id, one in planted["truth"]["leads"].items():
        contact = rows(desk, "contacts")[one["fresh_contact_id"]]
        row = waiting.get(int(lead_id))
        assert (one["incoming"] is not None) == (row is not None)
        assert contact["state"] == ("unsorted" if row else "")
    fresh = [one["fresh_contact_id"] for one in planted["truth"]["leads"].values()]
    assert len(set(fresh)) == LEADS
    shown = {contact["id"] for contact in every(desk, "/contacts", "contacts")}
    known = {one["contact_id"] for one in planted["truth"]["persons"].values() if one["contact_id"]}
    assert known <= shown
    assert len(shown) == len(known) + LEADS - len(waiting)


def test_a_share_waits_as_letters_forms_calls_and_chats_the_rest_lies_in_the_stages(
    desk: Desk, planted: dict[str, Any]
) -> None:
    waiting = every(desk, "/leads/unsorted", "unsorted")
    kinds = Count(row["category"] for row in waiting)
    assert set(kinds) == {"mail", "forms", "sip", "chats"}
    assert 0.45 < kinds["mail"] / (kinds["mail"] + planted["stages"]["E-mail"]) < 0.62
    assert planted["stages"]["Неразобранное"] == len(waiting) == planted["rows"]["incoming"]
    assert planted["stages"]["Не определен"] > 0 and planted["stages"]["в Работе"] > 0
    assert sum(planted["stages"].values()) == LEADS
    told = desk.ask("GET", "/leads/unsorted/summary")
    assert (told["total"], told["accepted"]) == (len(waiting), 0)


def test_the_share_can_be_chosen_and_nonsense_is_refused() -> None:
    for share, count in ((0, 0), (1, 1)):
        told = Desk().planted(kind="company", leads=60, unsorted=share)
        assert (told["rows"]["incoming"] > 0) == bool(count)
    for wrong in ({"unsorted": 2}, {"leads": 0}):
        with pytest.raises(ValueError, match=r"share|at least one lead"):
            Desk().planted(**{"kind": "company", "leads": 60} | wrong)
    with pytest.raises(ValueError, match="unknown seed"):
        Desk().planted(kind="dataset")


def test_a_waiting_letter_shows_sender_subject_and_summary_without_html(desk: Desk) -> None:
    letters = every(desk, "/leads/unsorted?filter[category]=mail", "unsorted")
    senders = [row["metadata"]["from"]["email"] for row in letters]
    assert sum("@" in sender for sender in senders) > len(senders) * 0.98
    boxes = set(organiser.SHARED_MAILBOXES) | {one.email for one in organiser.EMPLOYEES}
    for row in letters:
        assert row["source_name"] in boxes
        assert row["metadata"].keys() >= {"received_at", "subject", "thread_id", "message_id"}
        summary = row["metadata"]["content_summary"]
        assert not any(mark in summary for mark in ("<div", "<br", "</", "font:14px", "&nbsp;"))
        lead = rows(desk, "leads")[row["_embedded"]["leads"][0]["id"]]
        assert lead["created_at"] == row["created_at"]


def test_an_accepted_letter_and_our_answer_stand_in_the_leads_history(desk: Desk) -> None:
    notes = every(desk, "/leads/notes?filter[note_type]=amomail_message", "notes")
    pile = [row for row in rows(desk, "leads").values() if row["tags"] and row["status_id"] != 142]
    assert pile
    came = [note for note in notes if note["params"]["income"]]
    ours = [note for note in notes if not note["params"]["income"]]
    assert ours and len({note["entity_id"] for note in came}) == len(came)
    assert {note["entity_id"] for note in ours} <= {note["entity_id"] for note in came}
    assert all(note["params"]["from"]["email"].endswith(organiser.DOMAIN) for note in ours)


def test_the_journal_says_when_a_lead_came_and_that_somebody_accepted_it(desk: Desk) -> None:
    waiting = {row["lead_id"] for row in rows(desk, "unsorted").values()}
    moved = {row["entity_id"]: row for row in rows(desk, "event").values() if row["type"] == "lead_status_changed"}
    assert moved and not waiting & moved.keys()
    lead_id, event = next(iter(moved.items()))
    (shown,) = desk.ask(
        "GET", f"/events?filter[type]=lead_status_changed&filter[entity]=lead&filter[entity_id]={lead_id}"
    )["_embedded"]["events"]
    assert shown["value_after"][0]["lead_status"]["id"] == rows(desk, "leads")[lead_id]["status_id"]
    assert event["created_at"] == rows(desk, "leads")[lead_id]["created_at"]
    added = [row["entity_id"] for row in rows(desk, "event").values() if row["type"] == "lead_added"]
    assert sorted(added) == sorted(rows(desk, "leads"))


def test_known_clients_have_companies_deals_in_other_pipelines_and_their_refusals(
    desk: Desk, planted: dict[str, Any]
) -> None:
    contacts = {card["id"]: card for card in every(desk, "/contacts?with=leads", "contacts")}
    pipelines = {row["id"]: row["name"] for row in desk.ask("GET", "/leads/pipelines")["_embedded"]["pipelines"]}
    firms = planted["truth"]["companies"]
    opted_out = 0
    for person in planted["truth"]["persons"].values():
        if person["contact_id"] is None:
            continue
        card = contacts[person["contact_id"]]
        assert set(values(card, "EMAIL")) <= set(person["addresses"])
        assert values(card, "PHONE") == [person["phone"]]
        assert values(card, "OPT_OUT") == [person["opted_out"]]
        opted_out += person["opted_out"]
        wanted = [firms[person["company"]]["company_id"]] if person["company"] else []
        assert [one["id"] for one in card["_embedded"]["companies"]] == wanted
        assert {one["id"] for one in card["_embedded"]["leads"]} >= set(person["deals"])
        for deal_id in person["deals"]:
            deal = rows(desk, "leads")[deal_id]
            assert pipelines[deal["pipeline_id"]] in ("Семинары и курсы", "Выставки")
            assert deal["status_id"] not in (142, 143)
    assert opted_out
    refused = [one for one in planted["truth"]["persons"].values() if one["refused_on_lead"]]
    assert refused


def test_lost_deals_say_why_and_closed_ones_when(desk: Desk) -> None:
    closed = [row for row in rows(desk, "leads").values() if row["status_id"] in (142, 143)]
    assert {row["status_id"] for row in closed} == {142, 143}
    reasons = {i: row["name"] for i, row in rows(desk, "loss_reason").items()}
    for row in closed:
        assert row["closed_at"]
        assert (row["status_id"] == 143) == (row["loss_reason_id"] is not None)
    assert {reasons[row["loss_reason_id"]] for row in closed if row["loss_reason_id"]} == {
        "Сделка провалена", "Анализ причины провала"
    }  # fmt: skip


def test_employees_keep_their_ids_with_roles_groups_and_one_dismissed(desk: Desk) -> None:
    users = {row["id"]: row for row in every_user(desk)}
    assert [(one.id, f"{one.given} {one.surname}", one.email) for one in organiser.EMPLOYEES] == [
        (i, row["name"], row["email"]) for i, row in users.items()
    ]
    assert [i for i, row in users.items() if not row["rights"]["is_active"]] == [organiser.DISMISSED]
    assert [i for i, row in users.items() if row["rights"]["is_admin"]] == [organiser.DIRECTOR]
    assert users[2]["_embedded"]["roles"][0]["name"] == "Руководитель"
    assert users[3]["_embedded"]["roles"][0]["name"] == "Менеджер"
    assert users[3]["_embedded"]["groups"][0]["name"] == "Отдел продаж"


def every_user(desk: Desk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.ask("GET", "/users?with=role,group&limit=250")["_embedded"]["users"]
    return found


def test_the_ladder_has_the_sources_names_and_an_accepted_letter_lands_in_the_pile(desk: Desk) -> None:
    ladder = next(row for row in desk.ask("GET", "/leads/pipelines")["_embedded"]["pipelines"] if row["is_main"])
    names = [row["name"] for row in ladder["_embedded"]["statuses"]]
    assert names == [
        "Неразобранное", "E-mail", "Не определен", "Формы", "Телефония", "Чат", "в Работе", "Качественный лид",
        "Некачественный лид",
    ]  # fmt: skip


def test_work_ahead_is_a_task_on_its_lead(desk: Desk, planted: dict[str, Any]) -> None:
    planned = {int(i) for i, one in planted["truth"]["leads"].items() if one["planned"]}
    now = desk.portal.unix()
    tasks = [row for row in rows(desk, "task").values() if row["complete_till"] > now]
    assert planned == {row["entity_id"] for row in tasks}
    assert all(not row["is_completed"] for row in tasks)


def test_a_csv_of_letters_becomes_waiting_and_accepted_leads_with_its_own_ids(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    lines = [f"L{n},Ann {n},ann{n}@acme.example,2024-05-{n + 1:02d}T10:00:00+03:00,Price {n}" for n in range(20)]
    path.write_text("\n".join(["lead_id,name,email,date,subject", *lines]), encoding="utf-8")
    desk = Desk()
    told = desk.planted(kind="leads", path=str(path))
    ids = told["truth"]["ids"]
    assert list(ids) == [f"L{n}" for n in range(20)]
    assert told["stages"].keys() == {"E-mail", "Неразобранное"}
    for origin, lead_id in ids.items():
        lead = desk.ask("GET", f"/leads/{lead_id}")
        assert values(lead, "ORIGIN_ID") == [origin]
        assert lead["name"] == f"Price {origin[1:]}"
    waiting = every(desk, "/leads/unsorted", "unsorted")
    assert {row["source_uid"] for row in waiting} <= set(ids)
    assert [row["created_at"] for row in waiting] == sorted((row["created_at"] for row in waiting), reverse=True)
