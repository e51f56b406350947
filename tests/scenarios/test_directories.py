"""Cards in order, clients handed over and filled in from their leads: done, looked at again, and taken back whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.scenarios.job import Job, job
from tests.scenarios.test_modes import changes, plans, playbook


def spoil(work: Job) -> None:
    """Somebody left, cards are written every which way, leads know more than their clients' cards."""
    gone = next(key for key, row in work.table("user").items() if row.get("ACTIVE") in (False, "N"))
    cards = list(work.table("contact"))[:9]
    for place, contact in enumerate(cards):
        post = ("Ген. директор", "Генеральный директор", "гендиректор")[place % 3]
        work.person_in_charge("crm.contact.update", id=contact, fields={"ASSIGNED_BY_ID": gone, "POST": post})
    work.person_in_charge("crm.contact.update", id=cards[0], fields={"NAME": "ОЛЬГА", "LAST_NAME": "кузнецова"})
    told = {"POST": "Главный бухгалтер", "UTM_SOURCE": "vk", "ADDRESS": "Лесная, 1", "COMMENTS": "Просил счёт"}
    for lead in list(work.table("lead"))[:80]:
        work.control.advance(1)
        work.person_in_charge("crm.lead.update", id=lead, fields={**told, "BIRTHDATE": "1985-03-02"})


def test_directories_are_put_in_order_looked_at_and_taken_back(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        spoil(work)
        before = work.state()
        clean: dict[str, Any] = {"handover": {"others": "head"}, "tidy": {"spellings": ["POST"]}}
        planned = plans(work, playbook(work, **clean))
        assert {"clean.note.handover"} <= {note["code"] for note in planned["notes"]}
        assert work.applies().exit == 0
        assert work.json("verify").document["differences"] == []
        rows = work.table("contact").values()
        made = [row for row in rows if row.get("ORIGINATOR_ID") == "b24kit"]
        assert any(row.get("POST") == "Главный бухгалтер" and row.get("ADDRESS") == "Лесная, 1" for row in made)
        assert any(row.get("UTM_SOURCE") == "vk" and "Просил счёт" in row["COMMENTS"] for row in made)
        assert {row["POST"] for row in rows if str(row.get("POST", "")).lower().startswith("ген")} == {
            "Генеральный директор"
        }
        users = work.table("user")
        assert all(users[str(row["ASSIGNED_BY_ID"])].get("ACTIVE") not in (False, "N") for row in rows)
        second = plans(work, playbook(work, **clean))
        assert second["empty"], second["notes"]
        assert work.undoes(min((work.folder / "client/.b24kit/runs").glob("2*")).name).exit == 0
        assert changes(before, work) == []
