"""Who of a team takes which client when many are dealt out at once: even shares, the same whoever else waits.

Dealt by turns, one client more or less (a letter read as an answering machine's, a doubt that a person settled) would
give all that follow to somebody else. So every client has an order of people of his own, which hangs on nothing but who
he is: highest random weight hashing (Thaler and Ravishankar, 1998), under an upper bound for everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256

_TOLERATED = 4  # a share may be a quarter above the even one, and by one client in any case


def bound(clients: int, people: int) -> int:
    """The most clients that one of the people may get.

    >>> bound(3, 2), bound(46, 3), bound(400, 4)
    (3, 20, 125)
    """
    even = -(-clients // people)
    return even + max(1, even // _TOLERATED)


def deal(clients: Collection[str], people: Sequence[str]) -> Mapping[str, str]:
    """Who gets whom. Both are keys that hold from plan to plan; a client is counted once, however often he is named.

    The strongest pairs come first, so a client more takes at most the weakest place of somebody whose share is full.

    >>> deal(["ann@acme.example"], ["7"])
    {'ann@acme.example': '7'}
    """
    waiting = sorted(set(clients))
    room = dict.fromkeys(people, bound(len(waiting), len(people)))
    pairs = sorted(((_pull(client, person), client, person) for client in waiting for person in room), reverse=True)
    dealt: dict[str, str] = {}
    for _, client, person in pairs:
        if client not in dealt and room[person]:
            dealt[client] = person
            room[person] -= 1
    return dealt


def _pull(client: str, person: str) -> bytes:
    return sha256(f"{client}\n{person}".encode()).digest()
