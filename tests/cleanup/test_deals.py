"""Which running deal a letter is about: by number, by words, or because there is no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from b24kit.cleanup.deals import Running, Sign, deal_of
from b24kit.crm.cards import Deal
from tests.cleanup.portal_of import NOW

TOPICS = ("Охрана труда", "Складская логистика", "Строительство и ремонт")


def deal(number: int, title: str, days: int = 200, quiet: int = 100) -> Deal:
    """A deal that began so many days ago and was touched last `quiet` days ago."""
    made = Deal(id=str(number), pipeline="0", stage="C0:NEW", title=title, contact="7")
    return replace(made, created=NOW - timedelta(days=days), last_activity=NOW - timedelta(days=quiet))


LABOUR = deal(1, "Охрана труда: Белова", quiet=10)
STORE = deal(2, "Договор № 4411 Складская логистика: Белова", quiet=90)
NUMBERED = deal(3, "Договор № 5522 Белова", quiet=50)


@pytest.mark.parametrize(
    ("text", "wanted", "sign"),
    [
        ("Счёт к договору №4411", "2", Sign.NUMBER),
        ("Вопрос по сделке 3", "3", Sign.NUMBER),
        ("Документы по курсу складской логистики", "2", Sign.SUBJECT),
        ("Участие в семинаре по охране труда", "1", Sign.SUBJECT),
        ("Когда будет счёт?", "1", Sign.NEWEST),
        ("Звоните: +7 916 441-14-411, дом 5522/1", "1", Sign.NEWEST),
    ],
)
def test_of_several_deals_the_one_that_is_called_else_the_liveliest(text: str, wanted: str, sign: Sign) -> None:
    found = deal_of(text, NOW, Running((LABOUR, STORE, NUMBERED)), TOPICS)
    assert found is not None
    assert (found.deal.id, found.sign) == (wanted, sign)


def test_the_only_deal_needs_no_name_unless_the_letter_speaks_of_another_event() -> None:
    found = deal_of("Когда счёт?", NOW, Running((LABOUR,)), TOPICS)
    assert found is not None and found.sign is Sign.ONLY
    assert deal_of("Хотим на выставку «Строительство и ремонт»", NOW, Running((LABOUR,)), TOPICS) is None
    assert deal_of("Хотим на выставку «Строительство и ремонт»", NOW, Running((NUMBERED,)), TOPICS) is not None


def test_the_firms_own_name_under_a_letter_names_no_deal() -> None:
    firm = deal(5, "Договор № 6677 Вира Хим Плюс")
    text = "Когда счёт?\nООО «Вира Хим Плюс»"
    assert deal_of(text, NOW, Running((), (firm,)), TOPICS, "Вира Хим Плюс") is None


def test_a_companys_deal_is_the_letters_only_when_it_is_spoken_of() -> None:
    running = Running((), (STORE,))
    assert deal_of("Когда счёт?", NOW, running, TOPICS) is None
    found = deal_of("По дог. 4411", NOW, running, TOPICS)
    assert found is not None and found.deal is STORE


def test_a_letter_older_than_the_deal_is_about_something_else() -> None:
    young = deal(4, "Охрана труда: Белова", days=10)
    assert deal_of("Когда счёт?", NOW - timedelta(days=100), Running((young,)), TOPICS) is None
    assert deal_of("Когда счёт?", NOW - timedelta(days=30), Running((young,)), TOPICS) is not None
    assert deal_of("Когда счёт?", None, Running((young,)), TOPICS) is not None


def test_without_deals_there_is_none() -> None:
    assert deal_of("По сделке 1", NOW, Running()) is None
