"""Clients dealt out at once: shares stay near the even one, and who else waits changes hardly anybody's owner."""

from __future__ import annotations

from collections import Counter

from b24kit.owners.shares import bound, deal

PEOPLE = ["ann@own.example", "ben@own.example", "eve@own.example"]


def clients(count: int, firm: str = "client") -> list[str]:
    return [f"c{number}@{firm}.example" for number in range(count)]


def test_everybody_is_dealt_out_and_nobody_gets_more_than_the_bound() -> None:
    for count in (1, 2, 7, 39, 400):
        dealt = deal(clients(count), PEOPLE)
        assert dealt.keys() == set(clients(count)) and set(dealt.values()) <= set(PEOPLE)
        assert max(Counter(dealt.values()).values()) <= bound(count, len(PEOPLE))


def test_a_thousand_clients_are_shared_within_a_tenth() -> None:
    shares = Counter(deal(clients(1000), PEOPLE).values())
    assert max(shares.values()) - min(shares.values()) < 100


def test_the_order_in_which_clients_and_people_are_named_does_not_matter() -> None:
    there = deal(clients(60), PEOPLE)
    assert deal([*reversed(clients(60)), *clients(5)], PEOPLE[::-1]) == there


def test_a_few_clients_more_leave_nearly_everybody_where_he_was() -> None:
    moved = 0
    for firm in ("alfa", "beta", "gamma", "delta", "omega"):
        there, more = clients(60, firm), clients(2, "more")
        before, after = deal(there, PEOPLE), deal([*more, *there], PEOPLE)
        moved += sum(before[client] != after[client] for client in there)
    assert moved <= 5  # by turns it would be about 200 of these 300


def test_somebody_who_leaves_gives_his_clients_away_and_the_others_keep_most_of_theirs() -> None:
    before, after = deal(clients(90), PEOPLE), deal(clients(90), PEOPLE[:2])
    stayed = [client for client, person in before.items() if person in PEOPLE[:2]]
    assert sum(before[client] != after[client] for client in stayed) <= 6


def test_full_shares_send_the_rest_on_to_whoever_has_room() -> None:
    shares = Counter(deal(clients(4), PEOPLE[:2]).values())
    assert sum(shares.values()) == 4 and max(shares.values()) <= 3


def test_nobody_to_deal_out_is_no_trouble() -> None:
    assert deal([], PEOPLE) == {}
