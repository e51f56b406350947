"""How many misspelled subjects are recognised, and that words which only look alike are not."""

from __future__ import annotations

import pytest

from b24kit.owners.phrases import mentions
from b24kit.owners.typos import mentions_nearly, same_word

EVENTS = (
    "Охрана труда",
    "Маркировка",
    "Контрактная система",
    "Пожарная безопасность",
    "Бухгалтерский учёт",
    "Выставка",
    "Медиация",
    "Сертификация",
    "Кадровое делопроизводство",
    "Экологический аудит",
    "Транспортная логистика",
    "Закупки",
)
MISSPELLED = {
    "Запись на охранну труда": "Охрана труда",
    "Re: ахрана труда, 2 человека": "Охрана труда",
    "обучение охрнае труда": "Охрана труда",
    "j[hfyf nhelf": "Охрана труда",
    "Oxpaна труда": "Охрана труда",
    "маркеровка товара": "Маркировка",
    "Маркирвока обуви": "Маркировка",
    "вопрос о моркировке": "Маркировка",
    "контрактноя система": "Контрактная система",
    "по контрактой системе": "Контрактная система",
    "пожаная безопасность": "Пожарная безопасность",
    "Пожарная безопастность": "Пожарная безопасность",
    "по пожарной безопастности": "Пожарная безопасность",
    "бугалтерский учет": "Бухгалтерский учёт",
    "Бухгатерский учёт с нуля": "Бухгалтерский учёт",
    "хотим на выствку": "Выставка",
    "Выстовка в марте": "Выставка",
    "сертефикация": "Сертификация",
    "сертификацыя продукции": "Сертификация",
    "кадровое делопроизводсво": "Кадровое делопроизводство",
    "кадровое делопроизвотство": "Кадровое делопроизводство",
    "экологичиский аудит": "Экологический аудит",
    "траспортная логистика": "Транспортная логистика",
    "Транспортная логестика": "Транспортная логистика",
    "курс закупкки": "Закупки",
}
OTHER = (
    "охрана суда",
    "охрана туда",
    "охрана офиса",
    "окраина труда",
    "парковка у офиса",
    "маркетинг",
    "ремарка",
    "контактная система",
    "контракт на систему видео",
    "информационная безопасность",
    "пожарная опасность",
    "вставка в договор",
    "доставка",
    "поставка оборудования",
    "медитация",
    "медицина",
    "сертификат об окончании",
    "ректификация",
    "ратификация договора",
    "кадастровое делопроизводство",
    "экономический аудит",
    "экологический адрес",
    "логика",
    "паспортная логистика",
    "закуски на банкет",
    "покупки",
    "отгрузки",
    "Счёт 114 от 12 марта",
    "Прошу перезвонить",
)


def test_misspelled_subjects_are_recognised_at_least_nine_times_of_ten() -> None:
    found = [text for text, event in MISSPELLED.items() if mentions_nearly(text, event)]
    assert len(found) >= 0.9 * len(MISSPELLED), sorted(set(MISSPELLED) - set(found))


def test_each_misspelled_subject_is_one_that_exact_words_would_miss() -> None:
    assert [text for text, event in MISSPELLED.items() if mentions(text, event)] == []


def test_a_misspelled_subject_names_no_other_event() -> None:
    wrong = [
        (text, other)
        for text, event in MISSPELLED.items()
        for other in EVENTS
        if other != event and mentions_nearly(text, other)
    ]
    assert wrong == []


@pytest.mark.parametrize("text", OTHER)
def test_words_that_only_look_alike_are_no_event(text: str) -> None:
    assert [event for event in EVENTS if mentions_nearly(text, event)] == []


def test_exact_words_are_recognised_too() -> None:
    assert all(mentions_nearly(f"Запись: {event.lower()}", event) for event in EVENTS)


def test_short_words_and_numbers_must_be_exact() -> None:
    assert not same_word("туд", "труд")
    assert not same_word("2026", "2025")
