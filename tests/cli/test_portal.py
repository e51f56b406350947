"""Getting to know a portal: what may be pasted, where the secret goes, what doctor says of poor rights."""

from __future__ import annotations

import json
import stat
import sys

import pytest

from tests.cli.conftest import Consultant


@pytest.mark.parametrize("pasted", ["{}", ' "{}"\n', "\n\n  {}  \n\n", "<{}user.current.json>", "{}profile/?a=1"])
def test_a_webhook_may_be_pasted_with_what_was_copied_along(consultant: Consultant, pasted: str) -> None:
    assert consultant.types("portal", "add", "main", typed=pasted.format(consultant.webhook)).exit == 0
    assert consultant.json("portal", "info").document["admin"] is True


def test_the_secret_goes_to_the_users_file_alone(at_work: Consultant) -> None:
    secrets = at_work.private / "secrets.json"
    assert at_work.secret in secrets.read_text(encoding="utf-8")
    if sys.platform != "win32":
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert "host = " in (at_work.folder / "b24kit.toml").read_text(encoding="utf-8")
    assert at_work.json("portal", "list").document["tables"][0]["rows"][0]["portal"] == "main"


def test_no_command_leaves_the_secret_in_the_clients_folder(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    at_work.types("apply", str(at_work.plan_file), "--answer", "robots-leads=none", "--sample", "2")
    at_work.types("report", "-o", str(at_work.folder / "report.html"))
    found = [path for path in at_work.files() if at_work.secret.encode() in path.read_bytes()]
    assert found == []
    state = [path for path in at_work.private.rglob("*") if path.is_file() and path.name != "secrets.json"]
    assert [path for path in state if at_work.secret.encode() in path.read_bytes()] == []


def test_what_is_kept_of_clients_is_for_the_users_eyes(at_work: Consultant) -> None:
    at_work.types("pull")
    kept = at_work.folder / ".b24kit"
    if sys.platform != "win32":
        assert stat.S_IMODE(kept.stat().st_mode) == 0o700


def test_adding_a_portal_again_replaces_it_and_keeps_the_other_lines(at_work: Consultant) -> None:
    file = at_work.folder / "b24kit.toml"
    file.write_text("# ours\n[run]\nretention_days = 30\n\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert at_work.types("portal", "add", "main", "--operating-limit", "48", typed=at_work.webhook).exit == 0
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# ours\n[run]\nretention_days = 30\n") and text.count("[portal.main]") == 1
    assert "operating_limit = 48" in text


def test_a_forgotten_portal_is_gone_with_its_secret(at_work: Consultant) -> None:
    assert at_work.types("portal", "remove", "main").exit == 0
    assert at_work.json("portal", "list").document["tables"][0]["rows"] == []
    assert at_work.secret not in (at_work.private / "secrets.json").read_text(encoding="utf-8")
    assert at_work.json("doctor").document["code"] == "config.no_portal"


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("", "webhook_empty"),
        ("https://my.bitrix24.ru/company/personal/", "webhook_is_a_page"),
        ("https://my.bitrix24.ru/", "webhook_is_only_a_portal"),
        ("http://my.bitrix24.ru/rest/1/abcdef0123456789/", "webhook_not_https"),
        ("https://my.bitrix24.ru/rest/1/", "webhook_without_secret"),
    ],
)
def test_a_wrong_address_is_named_before_anything_is_sent(consultant: Consultant, pasted: str, code: str) -> None:
    answer = consultant.json("portal", "add", "main", typed=pasted)
    assert (answer.exit, answer.document["code"]) == (64, code)
    assert "→" in answer.err
    assert not (consultant.folder / "b24kit.toml").exists()


def test_a_name_that_cannot_stand_in_the_file_is_refused(consultant: Consultant) -> None:
    answer = consultant.json("portal", "add", "главный", typed=consultant.webhook)
    assert (answer.exit, answer.document["code"]) == (64, "config.bad_portal_name")


def test_a_wrong_secret_is_told_and_nothing_is_kept(consultant: Consultant) -> None:
    wrong = consultant.webhook.replace(consultant.secret, "aaaabbbbccccdddd")
    answer = consultant.json("portal", "add", "main", typed=wrong)
    assert (answer.exit, answer.document["code"]) == (5, "wrong_secret")
    assert not (consultant.folder / "b24kit.toml").exists()
    assert "aaaabbbbccccdddd" not in answer.out + answer.err


def test_a_portal_that_does_not_answer_is_named(consultant: Consultant) -> None:
    answer = consultant.json("portal", "add", "main", typed="http://127.0.0.1:1/rest/1/abcdef0123456789/")
    assert answer.document["code"] == "portal_unreachable"
    assert answer.exit == 3


def test_a_webhook_in_a_dotenv_file_of_the_folder_works(consultant: Consultant) -> None:
    (consultant.folder / ".env").write_text(f"B24KIT_WEBHOOK_MAIN={consultant.webhook}\n", encoding="utf-8")
    host = consultant.webhook.split("/")[2]
    (consultant.folder / "b24kit.toml").write_text(f'[portal.main]\nhost = "{host}"\n', encoding="utf-8")
    assert consultant.types("doctor").exit == 0


def test_doctor_lets_a_good_portal_start(at_work: Consultant) -> None:
    answer = at_work.json("doctor")
    assert (answer.exit, answer.document["blocked"]) == (0, False)


def test_doctor_and_plan_refuse_a_portal_without_leads(at_work: Consultant) -> None:
    at_work.control.settings(portal={"crm_mode": 2})
    answer = at_work.json("doctor")
    assert (answer.exit, answer.document["blocked"]) == (5, True)
    refused = at_work.json("plan", "talking-leads")
    assert (refused.exit, refused.document["code"]) == (5, "plan.leads_off")


def test_doctor_names_the_scope_a_webhook_lacks(consultant: Consultant) -> None:
    told = consultant.control.settings(webhooks=[{"user_id": 1, "scopes": ["crm", "user_basic"]}])
    weak = consultant.webhook.replace(consultant.secret, told["webhooks"][0]["code"])
    assert consultant.types("portal", "add", "main", typed=weak).exit == 0
    answer = consultant.json("doctor")
    codes = {check["code"] for check in answer.document["checks"]}
    assert answer.exit == 5 and "doctor.scope_needed" in codes


def test_a_webhook_of_no_administrator_may_look_and_not_change_stages(consultant: Consultant) -> None:
    people = consultant.control.dump(["user"])["tables"]["user"]
    plain = next(int(user) for user, row in people.items() if (row["ADMIN"], row["ACTIVE"]) == ("N", "Y"))
    told = consultant.control.settings(webhooks=[{"user_id": plain}])
    weak = f"{consultant.webhook.split('/rest/')[0]}/rest/{plain}/{told['webhooks'][0]['code']}/"
    assert consultant.types("portal", "add", "main", typed=weak).exit == 0
    assert consultant.json("doctor").exit == 5
    consultant.saves_a_plan()
    refused = consultant.json("apply", str(consultant.plan_file), "--answer", "robots-leads=none")
    assert (refused.exit, refused.document["code"]) == (5, "guard.not_admin")


def test_an_access_that_opens_another_clients_portal_is_not_used(at_work: Consultant) -> None:
    """Two clients' folders may both say main; an access kept under the name alone may be the other's."""
    (at_work.private / "secrets.json").write_text(json.dumps({"main": at_work.webhook}), encoding="utf-8")
    assert at_work.json("portal", "info").exit == 0
    file = at_work.folder / "b24kit.toml"
    host = at_work.json("portal", "info").document["host"]
    file.write_text(file.read_text(encoding="utf-8").replace(host, "two.bitrix24.ru"), encoding="utf-8")
    refused = at_work.json("portal", "info")
    assert (refused.exit, refused.document["code"]) == (64, "config.other_portal")
