"""A simulated month through the real runtime on the generated company: a few cards reckoned by hand, and what has to
hold for all of them whatever people and clients do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b24kit.change.operation import CreateRecord, UpdateRecord
from b24kit.robots.gather import gather, marker_of
from tests.robots.living import CHAT, LOST, MOSCOW, WORK, Deed, Happening, Month, company

# What people and clients do to each card: day, hour, what. Cards come on Monday (day 0) at 9:30 to sellers 3, 4, 5 in
# turn. Seller 3 is away on days 7-11, day 9 is a holiday.
STORIES: list[list[tuple[int, str, str]]] = [
    [(0, "10:00", "call")],
    [(0, "10:00", "call"), (1, "10:00", "call"), (3, "10:00", "call")],
    [(0, "11:00", "talk")],
    [(0, "10:00", "call"), (1, "20:00", "letter")],
    [],
    [(0, "10:00", "call"), (1, "10:00", "call"), (7, "10:00", "letter")],
    [(0, "10:00", "call"), (4, "17:30", "letter"), (7, "10:00", "call")],
    [(0, "10:00", "call"), (8, "17:00", "call")],
]
FIRST = "0 09:30 attempt~1 до 0 09:30"
SECOND = "0 10:00 attempt~2 до 1 10:00"
EXPECTED: list[list[str]] = [
    [FIRST, SECOND],
    # The third call on Thursday; a working day later, on Friday, it is closed.
    [FIRST, SECOND, "1 10:00 attempt~3 до 3 10:00", "4 10:00 close"],
    # Warned a quarter of an hour before 10:30, told then; the talk at 11:00 ends it.
    [FIRST, "0 10:15 warn~0", "0 10:30 owner~0", "0 11:00 reply", "0 11:00 reply~owner"],
    # A letter in the evening: the card moves at once, the two hours for the answer begin at nine the next morning.
    [FIRST, SECOND, "1 20:00 reply", "1 20:00 reply~owner", "2 11:00 owner~0", "2 12:00 head~0"],
    # Nobody does anything: three sellers have it for three hours each, then there is nobody left to give it to.
    [
        FIRST, "0 10:15 warn~0", "0 10:30 owner~0", "0 11:30 head~0", "0 12:30 pass", "0 12:30 taker", "0 12:30 loser",
        "0 13:15 warn~1", "0 13:30 owner~1", "0 14:30 head~1", "0 15:30 pass", "0 15:30 taker", "0 15:30 loser",
        "0 16:15 warn~2", "0 16:30 owner~2", "0 17:30 head~2", "1 09:30 nobody~2",
    ],
    [
        FIRST, SECOND, "1 10:00 attempt~3 до 3 10:00", "7 10:00 reply", "7 10:00 reply~owner", "7 12:00 owner~0",
        "7 13:00 head~0",
    ],
    # Half an hour of Friday and an hour of Monday make less than the two hours: the call at ten is in time.
    [FIRST, SECOND, "4 17:30 reply", "4 17:30 reply~owner"],
    # Two working days after Tuesday evening: Wednesday is the holiday, so it is Friday.
    [FIRST, SECOND, "8 17:00 attempt~3 до 11 17:00"],
]  # fmt: skip


def line(month: Month, deed: Deed) -> str | None:
    """A deed in the words of the table; left out: comments that give the reason, ticks on to-dos of ours."""
    rule, _, occasion = deed.key.partition("/")
    if rule in ("routing", "tidy") or deed.key.endswith("#why"):
        return None
    words = occasion.partition("/")[2].split("~")[2:]
    what = words[0] if words[0] in ("pass", "reply", "close") else "~".join(words[:2])
    if words[-1] in ("taker", "loser"):
        what = words[-1]
    if words[0] == "reply" and words[-1] == "owner":
        what = "reply~owner"
    told = f"{shown(month, deed.at)} {what}"
    operation = deed.operation
    if isinstance(operation, CreateRecord) and "deadline" in operation.values:
        told += f" до {shown(month, datetime.fromisoformat(operation.values['deadline']))}"
    return told


def shown(month: Month, at: datetime) -> str:
    """A moment as the day of the month and the minute."""
    here = at.astimezone(MOSCOW)
    return f"{(here.date() - month.monday.date()).days} {here:%H:%M}"


@pytest.fixture
def month(tmp_path: Path) -> Iterator[Month]:
    with company(tmp_path) as found:
        yield found


def test_cards_of_the_company_go_as_worked_out_by_hand(month: Month) -> None:
    happenings = [
        Happening(card, day, 60 * int(at[:2]) + int(at[3:]), what)
        for card, story in enumerate(STORIES)
        for day, at, what in story
    ]
    month.live(len(STORIES), happenings)
    told: dict[str, list[str]] = {str(ref): [] for ref in month.cards}
    for deed in month.deeds():
        if (words := line(month, deed)) is not None:
            told[deed.card].append(words)
    for card, expected in zip(told.values(), EXPECTED, strict=True):
        assert sorted(card) == sorted(expected)
    stages = [card.stage for card in (facts.card for facts in gather(month.portal, month.cards, {}).values())]
    assert stages == [WORK, LOST, CHAT, CHAT, WORK, CHAT, CHAT, WORK]


happenings_of_a_month = st.lists(
    st.builds(
        Happening,
        card=st.integers(0, 5),
        day=st.integers(0, 18),
        minutes=st.sampled_from([7 * 60 + 30, 9 * 60 + 45, 12 * 60, 17 * 60 + 50, 20 * 60]),
        what=st.sampled_from(["call", "call", "talk", "letter"]),
    ),
    max_size=25,
)


@pytest.mark.slow
@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(happenings=happenings_of_a_month)
def test_whatever_happens_in_a_month_these_things_hold(happenings: list[Happening]) -> None:
    with TemporaryDirectory() as folder, company(Path(folder)) as month:
        month.live(6, happenings)
        deeds = month.deeds()
        every_effect_is_seen_once(month, deeds)
        deadlines_keep_to_working_time(month, deeds)
        what_was_taken_away_never_comes_back(month, deeds)
        attempts_are_counted_from_calls(month, deeds)
        nothing_follows_a_reply(month, deeds)
        assert month.store.dead("p") == []


def every_effect_is_seen_once(month: Month, deeds: list[Deed]) -> None:
    """One operation a key in the journal, one comment, task or notice with its mark on the portal."""
    assert max(Counter(one.key for one in deeds).values(), default=0) <= 1
    marks = [marker_of(str(row.get("COMMENT"))) for row in month.rows("comment")]
    marks += [marker_of(str(row.get("DESCRIPTION"))) for row in month.rows("activity")]
    seen = Counter(mark for mark in marks if mark)
    assert set(seen.values()) <= {1}
    made = {
        one.key for one in deeds if isinstance(one.operation, CreateRecord) and one.operation.kind.value != "notice"
    }
    assert made == set(seen)
    tags = Counter(str(row.get("TAG")) for row in month.rows("notification") if row.get("TAG"))
    assert set(tags.values()) <= {1}


def deadlines_keep_to_working_time(month: Month, deeds: list[Deed]) -> None:
    """Nobody is warned, told, or robbed of a card while its owner does not work; the holiday is quiet."""
    for deed in deeds:
        if deed.key.startswith("sla/"):
            assert month.works(deed.at, None), f"{deed.key} at {deed.at}"
        if isinstance(deed.operation, CreateRecord) and "deadline" in deed.operation.values:
            due = datetime.fromisoformat(deed.operation.values["deadline"])
            assert month.works(due, deed.operation.values.get("owner")), f"{deed.key} is due at {due}"


def what_was_taken_away_never_comes_back(month: Month, deeds: list[Deed]) -> None:
    """Each card: one owner at a time, and nobody whom rules took it from has it again."""
    for ref in month.cards:
        given = [
            (deed.at, str(deed.operation.after["owner"]))
            for deed in deeds
            if deed.card == str(ref) and isinstance(deed.operation, UpdateRecord) and "owner" in deed.operation.after
        ]
        assert max(Counter(at for at, _ in given).values(), default=0) <= 1, "two owners at once"
        owners = [owner for _, owner in given]
        assert len(set(owners)) == len(owners), f"{ref} went round: {owners}"


def attempts_are_counted_from_calls(month: Month, deeds: list[Deed]) -> None:
    """The task of attempt N is set only after N - 1 calls that really took place; closing needs all three."""
    for ref in month.cards:
        called = month.called.get(ref, [])
        for deed in deeds:
            if deed.card != str(ref) or not deed.key.startswith("cadence/"):
                continue
            before = sum(at <= deed.at for at in called)
            if "~attempt~" in deed.key:
                assert before >= int(deed.key.rpartition("~")[2]) - 1, f"{deed.key} after {before} calls"
            if deed.key.endswith("~close"):
                assert before >= 3


def nothing_follows_a_reply(month: Month, deeds: list[Deed]) -> None:
    """From the client's answer on no further attempt is asked for and the card is not closed for silence."""
    for ref in month.cards:
        first = min(month.called.get(ref, []), default=None)
        heard = [at for at in month.heard.get(ref, []) if first is not None and at >= first]
        if not heard:
            continue
        later = [
            deed.key
            for deed in deeds
            if deed.card == str(ref)
            and ("~attempt~" in deed.key or deed.key.endswith("~close"))
            and deed.at > min(heard) + timedelta(minutes=1)
        ]
        assert later == []
