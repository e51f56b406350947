"""Records with several independent fields."""

from __future__ import annotations

from random import Random

from b24kit.matching.fields import group_records

FIELDS = ("first", "last", "born", "street", "passport")


def _people(count: int) -> list[dict[str, str]]:
    chance = Random(3)
    letters = "abcdefghiklmnoprstuvz"

    def word() -> str:
        return "".join(chance.choice(letters) for _ in range(7))

    return [
        {"first": word(), "last": word(), "born": str(chance.randint(19400101, 20051231)), "street": word(),
         "passport": str(chance.randint(10**9, 10**10 - 1))}
        for _ in range(count)
    ]  # fmt: skip


def test_slips_and_blanks_in_some_fields_are_carried_by_the_others() -> None:
    people = _people(300)
    slipped = people[0] | {"last": people[0]["last"][:-1], "passport": "", "first": people[0]["last"]}
    labels = group_records([*people, slipped], FIELDS, [str(number) for number in range(301)])
    assert labels[300] == labels[0] == "0" and len(set(labels)) == 300


def test_one_shared_value_joins_nobody() -> None:
    people = _people(300)
    people[1]["passport"] = people[0]["passport"]
    assert len(set(group_records(people, FIELDS, [str(number) for number in range(300)]))) == 300
