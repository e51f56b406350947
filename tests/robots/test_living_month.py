"""A simulated month through the real runtime on the generated company: a few cards reckoned by hand, and what has to
hold for all of them whatever people and clients do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b24kit.change.operation import CreateRecord, UpdateRecord
from b24kit.robots.gather import gather, marker_of
from tests.robots.living import MOSCOW, STAGES, Arrival, Deed, Happening, Month, company, read_moment

TABLE: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "living_month.yaml").read_text(encoding="utf-8"))
MORNING = "0 09:30"
DISMISSAL = Happening(0, 3, 12 * 60, "dismiss 7")


def line(month: Month, deed: Deed) -> str | None:
    """A deed in the words of the table; left out: comments that give the reason, ticks on to-dos of ours."""
    rule, _, occasion = deed.key.partition("/")
    if rule in ("routing", "tidy") or deed.key.endswith(("#why", "~why", "~comment", "~notice")):
        return None
    told = f"{shown(month, deed.at)} {what_of(rule, occasion.partition('/')[2].split('~'))}"
    operation = deed.operation
    if isinstance(operation, CreateRecord) and "deadline" in operation.values:
        told += f" до {shown(month, datetime.fromisoformat(operation.values['deadline']))}"
    return told


def what_of(rule: str, words: list[str]) -> str:
    """The step in the words of the table, from the parts of a key behind its card."""
    if rule == "handover":
        return f"{'lent' if words[0] == 'to' else 'returned'} {'~'.join(words[1:3])}"
    if rule == "reopen":
        return "~".join([rule, *words[2:]])
    step = words[2:]
    if step[-1] in ("taker", "loser"):
        return step[-1]
    if step[0] in ("pass", "reply", "close"):
        return f"{step[0]}~owner" if step[-1] == "owner" else step[0]
    return "~".join(step[:2])


def shown(month: Month, at: datetime) -> str:
    """A moment as the day of the month and the minute."""
    here = at.astimezone(MOSCOW)
    return f"{(here.date() - month.monday.date()).days} {here:%H:%M}"


@pytest.fixture
def month(tmp_path: Path) -> Iterator[Month]:
    with company(tmp_path) as found:
        yield found


def test_cards_of_the_company_go_as_worked_out_by_hand(month: Month) -> None:
    rows = sorted(TABLE, key=lambda row: read_moment(row.get("comes", MORNING)))  # as they come, so they are numbered
    arrivals = [
        Arrival(*read_moment(row.get("comes", MORNING)), row.get("source", "CALL"), row.get("client")) for row in rows
    ]
    happenings = [
        Happening(card, *read_moment(told), told.split(" ", 2)[2])
        for card, row in enumerate(rows)
        for told in row.get("happens", [])
    ]
    month.live(arrivals, [*happenings, DISMISSAL])
    told: dict[str, list[str]] = {str(ref): [] for ref in month.cards}
    for deed in month.deeds():
        if (words := line(month, deed)) is not None:
            told[deed.card].append(words)
    went = {row["card"]: sorted(lines) for row, lines in zip(rows, told.values(), strict=True)}
    assert went == {row["card"]: sorted(row["expect"]) for row in rows}
    found = gather(month.portal, month.cards, {})
    cards = {row["card"]: found[ref].card for row, ref in zip(rows, month.cards, strict=True)}
    assert {name: card.stage for name, card in cards.items()} == {row["card"]: STAGES[row["stage"]] for row in rows}
    owned = {row["card"]: row["owner"] for row in rows if "owner" in row}
    assert {name: cards[name].owner for name in owned} == owned
    assert len({cards[row["card"]].owner for row in rows if row.get("client")}) == 1, "one client, one seller"
    # A loan comes back; what was taken away does not.
    what_was_taken_away_never_comes_back(month, [one for one in month.deeds() if not one.key.startswith("handover")])


def test_the_table_is_as_long_as_promised() -> None:
    assert len({row["card"] for row in TABLE}) == len(TABLE) >= 30


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
        month.live([Arrival()] * 6, happenings)
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
