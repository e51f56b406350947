"""A seminar's words although somebody mistyped them: one slip in a word of five letters, two in a long one.

Only slips that fingers and ears make count: a letter lost, doubled or swapped with its neighbour, a key beside the
right one, a vowel heard wrong, Latin letters that look Russian, a whole line in the wrong keyboard layout. Short words
must be exact, and a word that letters use in its own right is nobody's misspelling.
"""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz.distance import OSA, Levenshtein

from b24kit.owners.phrases import mentions, stems

_ONE_SLIP, _TWO_SLIPS = 5, 9  # letters of the shorter stem
_ROWS = ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")
_HEARD = "оа ео еи иы эе яе яи юу бп вф гк дт жш зс щш шч ъь"
_LOOKALIKE = str.maketrans("aceopxykmtbhACEOPXYKMTBH", "асеорхукмтвнАСЕОРХУКМТВН")
_KEYS = str.maketrans(
    "qwertyuiop[]asdfghjkl;'zxcvbnm,.`QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>~",
    "йцукенгшщзхъфывапролджэячсмитьбюёЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮЁ",
)
# Words of business letters that stand one slip from another word of business letters.
_OWN_WORDS = (
    "контакт контактный контракт контрактный вставка выставка поставка подставка доставка оплата отплата медитация "
    "медиация окраина охрана закупка закупочный покупка продажа передача подача задача дача сдача договор разговор "
    "заявка явка справка правка отправка поправка заправка вправка оправка проверка поверка доверенность уверенность "
    "поручение получение обучение излучение изучение включение выключение исключение заключение собрание избрание "
    "образование оборудование обследование исследование расследование преследование наследование последование "
    "подготовка заготовка изготовление приготовление выплата уплата доплата переплата оценка сценка расценка "
    "приказ показ отказ указ заказ рассказ наказ сертификат сертификация аттестат аттестация регистратор регистрация "
    "администратор администрация экономический экологический экономика экология логика логистика кадры кадастр "
    "страхование страдание нормирование формирование информирование реформирование планирование пломбирование "
    "ремонтный монтажный ремонт монтаж демонтаж транспорт паспорт экспорт импорт спорт склад оклад доклад вклад уклад "
    "персонал персональный материал материальный опасность безопасность важность влажность готовность годность "
    "перевозка перевязка провозка привозка развозка выход вход доход расход приход уход поход заход обход отход "
    "отчет отсчет расчет учет зачет вычет счет почет подсчет перерасчет пересчет недочет"
)


def mentions_nearly(text: str, phrase: str) -> bool:
    """Whether a text speaks of a phrase with a slip of the fingers in it; the exact phrase counts too.

    >>> mentions_nearly("Курс по охранне труда", "Охрана труда")
    True
    >>> mentions_nearly("Контактная система", "Контрактная система")
    False
    """
    return any(mentions(one, phrase, same=same_word) for one in _readings(text))


@lru_cache(maxsize=65536)
def same_word(there: str, wanted: str) -> bool:
    """Whether a stem is another one, or a slip of it."""
    if there == wanted:
        return True
    short = min(len(there), len(wanted))
    if short < _ONE_SLIP or there in _own_stems() or not (there.isalpha() and wanted.isalpha()):
        return False
    slips = 2 if short >= _TWO_SLIPS else 1
    if OSA.distance(there, wanted, score_cutoff=slips) > slips:
        return False
    if Levenshtein.distance(there, wanted) > OSA.distance(there, wanted):
        return True  # neighbours that changed places
    edits = Levenshtein.editops(there, wanted)
    return all(edit.tag != "replace" or _slipped(there[edit.src_pos], wanted[edit.dest_pos]) for edit in edits)


def _readings(text: str) -> tuple[str, ...]:
    """A text as written, with look-alike letters made Russian, and as typed in the wrong layout."""
    if any("а" <= char <= "я" or char == "ё" for char in text.lower()):
        return tuple(dict.fromkeys((text, text.translate(_LOOKALIKE))))
    return tuple(dict.fromkeys((text, text.translate(_KEYS))))


def _slipped(there: str, wanted: str) -> bool:
    return frozenset((there, wanted)) in _close()


@lru_cache(maxsize=1)
def _close() -> frozenset[frozenset[str]]:
    """Pairs of letters that are heard alike or lie side by side on the keyboard."""
    heard = {frozenset(pair) for pair in _HEARD.split() if len(pair) == 2}
    beside = {frozenset(row[at : at + 2]) for row in _ROWS for at in range(len(row) - 1)}
    return frozenset(heard | beside)


@lru_cache(maxsize=1)
def _own_stems() -> frozenset[str]:
    return frozenset(stem for word in _OWN_WORDS.split() for stem in stems(word))
