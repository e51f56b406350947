"""The generated company: the same every time, with the shares it promises, and with a truth that fits its cards."""

from __future__ import annotations

from collections import Counter as Count
from datetime import datetime, timedelta
from typing import Any

import pytest

from b24kit.sandbox.bitrix24 import directory
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.seeds import machines, organiser, relays
from tests.sandbox.bitrix24.counter import NOON, Counter


@pytest.fixture(scope="module")
def desk() -> Counter:
    return Counter()


@pytest.fixture(scope="module")
def planted(desk: Counter) -> dict[str, Any]:
    return desk.planted(kind="company", leads=2000, seed=7)


@pytest.fixture(scope="module")
def truth(planted: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = planted["truth"]
    return found


def leads(portal: FakePortal) -> list[dict[str, Any]]:
    return [row for _, row in portal.store["lead"]]


def test_the_same_seed_gives_the_same_portal_and_another_one_another() -> None:
    first, second, third = Counter(), Counter(), Counter()
    told = [first.planted(kind="company", leads=300), second.planted(kind="company", leads=300)]
    third.planted(kind="company", leads=300, seed=8)
    assert first.portal.store.dump() == second.portal.store.dump()
    assert told[0] == told[1]
    assert first.portal.store.dump() != third.portal.store.dump()


def test_on_another_day_the_same_people_stand_behind_the_same_ids() -> None:
    early, late = Counter(), Counter(moment=NOON + timedelta(days=11, hours=7, minutes=5))
    told = [desk.planted(kind="company", leads=300)["truth"] for desk in (early, late)]
    assert told[0] == told[1]
    assert early.portal.store.dump() != late.portal.store.dump()


@pytest.mark.parametrize("count", [1, 37, 500, 5000])
def test_there_are_exactly_as_many_leads_as_asked_and_all_are_open(count: int) -> None:
    desk = Counter()
    told = desk.planted(kind="company", leads=count)
    assert told["rows"]["lead"] == count
    assert {row["STATUS_SEMANTIC_ID"] for row in leads(desk.portal)} == {"P"}
    if count == 5000:
        assert told["stages"][organiser.EMAIL] == 3765
        assert 850 <= told["rows"]["contact"] <= 950
        assert 290 <= told["rows"]["company"] <= 310


def test_stages_are_sources_with_hand_made_codes_between_system_ones(desk: Counter, planted: dict[str, Any]) -> None:
    rows = directory.rows(desk.portal, "STATUS")
    names = [(row["NAME"], row["SEMANTICS"]) for _, row in rows]
    assert names[:6] == [(n, None) for n in ("Не определен", "Формы", "E-mail", "Телефония", "Чат", "в Работе")]
    assert [row["STATUS_ID"] for _, row in rows if row["SYSTEM"] == "Y"] == ["NEW", "CONVERTED", "JUNK"]
    assert planted["stages"].keys() <= {row["STATUS_ID"] for _, row in rows}


def test_creation_dates_rise_with_the_id_over_three_years(desk: Counter, planted: dict[str, Any]) -> None:
    moments = [row["DATE_CREATE"] for row in leads(desk.portal)]
    assert moments == sorted(moments)
    oldest, newest = datetime.fromisoformat(moments[0]), datetime.fromisoformat(moments[-1])
    assert timedelta(days=2.8 * 365) < NOON - oldest <= timedelta(days=3 * 365 + 1)
    assert timedelta(0) < NOON - newest < timedelta(days=5)


def test_every_email_lead_has_one_incoming_letter_with_its_sender_in_the_meta_data(
    desk: Counter, planted: dict[str, Any]
) -> None:
    store = desk.portal.store
    letters = Count(row["OWNER_ID"] for _, row in store["activity"] if row["TYPE_ID"] == 4 and row["DIRECTION"] == 1)
    wanted = [lead_id for lead_id, row in store["lead"] if row["STATUS_ID"] == organiser.EMAIL]
    assert letters == dict.fromkeys(wanted, 1)
    for _, row in store["activity"]:
        if row["TYPE_ID"] == 4 and row["DIRECTION"] == 1:
            settings = row["SETTINGS"]
            assert settings["EMAIL_META"]["__email"].endswith(f"@{organiser.DOMAIN}")
            assert row["COMMUNICATIONS"][0]["VALUE"] in settings["EMAIL_META"]["from"]
            assert settings["MESSAGE_HEADERS"]["Message-Id"].startswith("<")


def test_replies_refer_to_the_letter_before_them_and_to_our_answer(desk: Counter, planted: dict[str, Any]) -> None:
    letters = [row for _, row in desk.portal.store["activity"] if row["TYPE_ID"] == 4]
    headers = [row["SETTINGS"]["MESSAGE_HEADERS"] for row in letters]
    ids = {one["Message-Id"] for one in headers}
    replies = [one for one in headers if "References" in one]
    assert len(replies) > len(headers) * 0.2
    assert all(one["References"].split()[0] in ids for one in replies)
    assert len(ids) == len(headers)
    answers = [row for row in letters if row["DIRECTION"] == 2]
    assert answers and all(row["COMPLETED"] == "Y" for row in answers)
    ours = {row["SETTINGS"]["MESSAGE_HEADERS"]["Message-Id"] for row in answers}
    assert len(ours & {one["In-Reply-To"] for one in replies}) == len(ours)


def test_kinds_of_letters_have_their_shares(planted: dict[str, Any], truth: dict[str, Any]) -> None:
    kinds = Count(one["class"] for one in truth["leads"].values())
    letters = planted["stages"][organiser.EMAIL]
    for kind, share in {
        "newsletter": 0.06,
        "shared": 0.03,
        "form_relay": 0.02,
        "bounce": 0.015,
        "employee": 0.02,
    }.items():
        assert kinds[kind] == pytest.approx(letters * share, abs=1)
    assert kinds["human"] / letters == pytest.approx(0.76, abs=0.01)
    known = sum(one["class"] == "human" and one["contact_id"] is not None for one in truth["leads"].values())
    assert known / letters == pytest.approx(0.60, abs=0.01)


def test_one_lead_in_two_hundred_is_malformed(desk: Counter, truth: dict[str, Any]) -> None:
    broken = {int(i): one["malformed"] for i, one in truth["leads"].items() if one["malformed"]}
    assert len(broken) == 10
    assert set(broken.values()) >= {"no_address", "two_addresses", "emoji", "html", "formula", "broken_date"}
    titles = {kind: desk.portal.store["lead"].rows[i]["TITLE"] for i, kind in broken.items()}
    assert titles["formula"] == "=1+1"
    assert "<script>" in titles["html"]


def test_about_eight_in_a_hundred_people_hold_two_addresses(truth: dict[str, Any]) -> None:
    people = truth["persons"].values()
    assert sum(len(one["addresses"]) == 2 for one in people) / len(people) == pytest.approx(0.08, abs=0.025)
    every = [address for one in people if not one["shares_box"] for address in one["addresses"]]
    assert len(every) == len(set(every))


def test_families_share_telephones_and_some_a_mailbox(truth: dict[str, Any]) -> None:
    boxes = Count(one["addresses"][0] for one in truth["persons"].values() if one["shares_box"])
    assert boxes and set(boxes.values()) == {2}
    phones = Count(one["phone"] for one in truth["persons"].values())
    assert sum(count == 2 for count in phones.values()) >= len(boxes)


def test_labels_say_who_wrote_first_and_who_again(truth: dict[str, Any]) -> None:
    labels: dict[str, list[str]] = {}
    for one in truth["leads"].values():
        if one["label"]:
            labels.setdefault(one["person"], []).append(one["label"])
    assert all(found == ["first"] + ["repeat"] * (len(found) - 1) for found in labels.values())
    assert max(map(len, labels.values())) > 5


def test_texts_of_machines_come_up_and_some_of_each_kind_no_rule_was_written_against(truth: dict[str, Any]) -> None:
    texts = {one["text"] for one in truth["leads"].values() if one.get("text")}
    notes = (*machines.NEWSLETTERS, *machines.NOTICES, *machines.AWAY, *machines.BOUNCES, *relays.RELAYS)
    keys = {note.key for note in notes}
    assert len(keys) == len(notes)
    assert len(keys & texts) > len(keys) * 0.8
    for kind in ("form", "marketplace", "telephony"):
        assert sum(relay.unseen for relay in relays.RELAYS if relay.kind == kind) >= 3


def test_the_truth_about_known_clients_stands_on_their_cards(desk: Counter, truth: dict[str, Any]) -> None:
    store = desk.portal.store
    for one in truth["persons"].values():
        if one["contact_id"] is not None:
            contact = store["contact"].rows[one["contact_id"]]
            right = f"{contact['LAST_NAME']} {contact['NAME']}" in one["name"]
            assert right is (one["card"] == "right")
            assert (contact[organiser.OPT_OUT] == "Y") is one["opted_out"]
        for deal_id in one["deals"]:
            deal = store["deal"].rows[deal_id]
            assert (deal["CONTACT_ID"], deal["STAGE_SEMANTIC_ID"]) == (one["contact_id"], "P")
    assert any(one["opted_out"] for one in truth["persons"].values() if one["contact_id"])
    running = sum(row["STAGE_SEMANTIC_ID"] == "P" for _, row in store["deal"])
    deals = [len(one["deals"]) for one in truth["persons"].values() if one["deals"]]
    assert running == sum(deals)
    assert len(deals) == 100 and max(deals) > 1


def test_a_letter_about_a_deal_came_while_it_ran_and_refusals_on_leads_are_told(
    desk: Counter, truth: dict[str, Any]
) -> None:
    store = desk.portal.store
    about = {lead: one["deal_id"] for lead, one in truth["leads"].items() if one["deal_id"]}
    assert len(about) > 50
    for lead, deal in about.items():
        began = datetime.fromisoformat(store["deal"].rows[deal]["DATE_CREATE"])
        assert datetime.fromisoformat(store["lead"].rows[int(lead)]["DATE_CREATE"]) > began - timedelta(days=2)
    refused = {
        one["person"] for i, one in truth["leads"].items() if store["lead"].rows[int(i)].get(organiser.OPT_OUT) == "Y"
    }
    assert any(truth["persons"][person]["refused_on_lead"] for person in refused)


def test_an_event_in_the_truth_is_named_by_the_lead_or_its_letter(desk: Counter, truth: dict[str, Any]) -> None:
    store = desk.portal.store
    for lead_id, one in truth["leads"].items():
        if one["event"] and not one["malformed"]:
            lead = store["lead"].rows[int(lead_id)]
            found = store["activity"].find("OWNER", f"1:{lead_id}")
            bodies = [store["activity"].rows[i].get("DESCRIPTION", "") for i in found]
            text = " ".join([lead["TITLE"], lead.get("COMMENTS") or "", *bodies]).lower()
            assert one["event"].lower() in text
            assert one["manager_id"] in {seminar.manager for seminar in organiser.EVENTS}


def test_a_few_leads_have_work_ahead_and_nothing_was_sent(desk: Counter, truth: dict[str, Any]) -> None:
    planned = sum(one["planned"] for one in truth["leads"].values())
    assert 0.005 < planned / len(truth["leads"]) < 0.025
    now = NOON.isoformat()
    open_ones = [row for _, row in desk.portal.store["activity"] if row.get("COMPLETED", "N") == "N"]
    ahead = [row for row in open_ones if row["DEADLINE"] > now]
    tasks = [row for _, row in desk.portal.store["task"] if row["DEADLINE"] > now]
    assert len(ahead) + len(tasks) == planned
    assert len(desk.portal.store["mail"]) == 0


def test_addresses_outside_are_reserved_or_free_mail_only(truth: dict[str, Any]) -> None:
    free = {"mail.ru", "yandex.ru", "gmail.com", "bk.ru", "inbox.ru", "list.ru", "ya.ru", "rambler.ru"}
    for one in truth["persons"].values():
        for address in one["addresses"]:
            domain = address.partition("@")[2]
            assert domain in free or domain.endswith((".example", ".test"))


def test_employees_departments_and_the_dismissed_are_as_told(desk: Counter, planted: dict[str, Any]) -> None:
    users = desk.portal.store["user"]
    assert [i for i, row in users if row["ACTIVE"] == "N"] == [organiser.DISMISSED]
    assert [i for i, row in users if row["ADMIN"] == "Y"] == [organiser.DIRECTOR]
    for department_id, row in desk.portal.store["department"]:
        assert department_id in users.rows[row["UF_HEAD"]]["UF_DEPARTMENT"]
    owners = {row["ASSIGNED_BY_ID"] for row in leads(desk.portal)}
    assert organiser.DISMISSED in owners
    assert owners <= users.rows.keys()


def test_an_impossible_company_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one lead"):
        Counter().planted(kind="company", leads=0)
    with pytest.raises(ValueError, match="unknown seed"):
        Counter().planted(kind="castle")
