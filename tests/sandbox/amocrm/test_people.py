"""Users and roles."""

from __future__ import annotations

from tests.sandbox.amocrm.wire import Wire

RIGHTS = {"leads": {"view": "G", "edit": "M", "add": "A", "delete": "D", "export": "D"}}


def test_users_are_added_and_listed_with_role_and_group(wire: Wire) -> None:
    status, answer = wire.call("POST", "/roles", {"name": "Продавец", "rights": RIGHTS})
    role = answer["_embedded"]["roles"][0]["id"]
    assert status == 201
    new = {"name": "Пётр", "email": "p@p.example", "password": "x", "rights": {"role_id": role}}
    assert wire.call("POST", "/users", [new])[0] == 201
    answer = wire.good("GET", "/users", **{"with": "role,group"})
    assert (answer["_total_items"], answer["_page_count"]) == (2, 1)
    user = answer["_embedded"]["users"][1]
    assert [one["name"] for one in user["_embedded"]["roles"]] == ["Продавец"]
    assert user["_embedded"]["groups"] == [{"id": 0, "name": "Отдел продаж"}]
    assert (user["rights"]["is_admin"], user["rights"]["is_active"], user["rights"]["role_id"]) == (False, True, role)
    assert wire.wrongs("POST", "/users", [new]) == [("0", "email", "NotSupportedChoice")]
    assert wire.row(f"/roles/{role}", **{"with": "users"})["_embedded"]["users"] == [2]


def test_a_changed_role_is_accepted_with_202_and_goes_with_204(wire: Wire) -> None:
    _, answer = wire.call("POST", "/roles", {"name": "Продавец", "rights": RIGHTS})
    role = answer["_embedded"]["roles"][0]["id"]
    assert wire.call("PATCH", f"/roles/{role}", {"name": "Стажёр"})[0] == 202
    row = wire.row(f"/roles/{role}")
    assert (row["name"], row["rights"]["leads"]) == ("Стажёр", RIGHTS["leads"])
    assert wire.call("DELETE", f"/roles/{role}") == (204, None)
    assert wire.call("GET", f"/roles/{role}")[0] == 404


def test_at_most_ten_users_come_at_once(wire: Wire) -> None:
    new = [{"name": "x", "email": f"{number}@p.example", "password": "x"} for number in range(11)]
    assert wire.call("POST", "/users", new)[0] == 400
    assert wire.call("GET", "/users/9")[0] == 404
