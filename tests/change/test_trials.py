"""What a trial on a portal has shown is kept with its day, by portal, and forgotten in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from b24kit.change.trials import BELIEVED, LINK_MAIL, Trial, recall, remember

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("works", [True, False], ids=["works", "refused"])
def test_a_trial_is_known_of_its_own_portal_for_a_season(tmp_path: Path, works: bool) -> None:
    folder = tmp_path / "state"
    assert recall(folder, "one.example", LINK_MAIL, NOW) is None
    remember(folder, "one.example", LINK_MAIL, Trial(works, NOW))
    assert recall(folder, "one.example", LINK_MAIL, NOW + BELIEVED - timedelta(hours=1)) == Trial(works, NOW)
    assert recall(folder, "one.example", LINK_MAIL, NOW + BELIEVED) is None
    assert recall(folder, "two.example", LINK_MAIL, NOW) is None


def test_the_newest_trial_counts_and_others_stay(tmp_path: Path) -> None:
    remember(tmp_path, "one.example", LINK_MAIL, Trial(True, NOW))
    remember(tmp_path, "two.example", LINK_MAIL, Trial(True, NOW))
    remember(tmp_path, "one.example", LINK_MAIL, Trial(False, NOW))
    assert [recall(tmp_path, name, LINK_MAIL, NOW) for name in ("one.example", "two.example")] == [
        Trial(False, NOW), Trial(True, NOW)
    ]  # fmt: skip


def test_a_broken_file_knows_nothing_and_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "trials.json").write_text("{", encoding="utf-8")
    assert recall(tmp_path, "one.example", LINK_MAIL, NOW) is None
    remember(tmp_path, "one.example", LINK_MAIL, Trial(True, NOW))
    assert recall(tmp_path, "one.example", LINK_MAIL, NOW) == Trial(True, NOW)
    assert (tmp_path / "trials.json").stat().st_mode & 0o077 == 0
