"""Words by which a stage's name gives itself away: it says nothing, or it says where the lead came from."""

from __future__ import annotations

import re

from b24kit.migrate.design import fold

_VAGUE_NAMES = """
в работе|в обработке|обработка|обрабатывается|обработан|не определен|не определено|не определена|неопределен|
неразобранное|не разобрано|прочее|прочие|другое|другие|разное|остальное|иное|общее|общая|тест|тестовая|новая стадия|
ожидание|в ожидании|ожидает|на потом|потом|отложено|отложен|в процессе|процесс|статус|стадия|этап|без статуса|нет|
новая|активный|активные|текущие|рабочая|рабочий|
in work|in progress|in process|processing|processed|other|others|misc|undefined|not defined|unassigned|unknown|pending|
active|current|work|status|stage|new stage|test|general
"""
_VAGUE = frozenset(name.strip() for name in _VAGUE_NAMES.split("|"))
_NUMBERED = re.compile(r"(стадия|этап|статус|stage|step|status)?\s*(№\s*)?\d+")

# (source code, stems; "=" before a word asks for exactly it). Codes are those of Bitrix24's own directory of sources
# (crm.status.list of SOURCE) where it has one.
_SOURCES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("EMAIL", ("e-mail", "email", "емейл", "имейл", "мейл", "почт", "письм", "mail", "рассылк")),
    ("CALLBACK", ("обратный", "callback", "перезвон")),
    ("CALL", ("телефон", "звонк", "звонок", "=call", "phone", "=атс", "мегафон", "манго")),
    ("WEBFORM", ("форм", "form", "квиз", "quiz", "лендинг", "landing", "тильда", "tilda")),
    ("WEB", ("сайт", "=site", "website", "=web", "интернет")),
    ("OPENLINE", ("чат", "chat", "мессенджер", "messenger", "открыт", "лини")),
    ("WHATSAPP", ("whatsapp", "ватсап", "вотсап", "=wa", "вацап")),
    ("TELEGRAM", ("telegram", "телеграм", "=тг", "=tg")),
    ("VK", ("=вк", "=vk", "вконтакт")),
    ("INSTAGRAM", ("instagram", "инстаграм", "инста", "=директ", "=direct")),
    ("AVITO", ("авито", "avito")),
    ("AUTORU", ("авто.ру", "auto.ru", "autoru")),
    ("OZON", ("ozon", "озон", "wildberries", "вайлдберриз", "маркетплейс")),
    ("ADVERTISING", ("реклам", "яндекс.директ", "adwords", "=ads", "таргет")),
    ("TRADE_SHOW", ("выставк", "exhibition", "tradeshow")),
    ("RECOMMENDATION", ("рекомендац", "сарафан", "referral")),
    ("PARTNER", ("партнер", "partner", "агент")),
)
_FILLING_WORDS = """
с со из от по на и в для заявка заявки заявок лид лиды лидов входящий входящие входящая новый новые новая обращение
обращения трафик канал источник from by leads lead incoming new requests request онлайн online
"""
_FILLING = frozenset(_FILLING_WORDS.split())


def is_vague(name: str) -> bool:
    """Whether a name says nothing about where the client stands: «в Работе», «Прочее», «Стадия 3», «-»."""
    told = fold(name)
    letters = [char for char in told if char.isalpha()]
    return told in _VAGUE or len(letters) < 2 or _NUMBERED.fullmatch(told) is not None


def source_in(name: str) -> str | None:
    """The code of the source when a stage's name is nothing but a source: «E-mail», «Заявки с Авито»."""
    words = [word for word in re.split(r"[\s/,;:()«»\"]+", fold(name)) if word and word not in _FILLING]
    found = [_source_of(word) for word in words]
    return found[0] if found and all(found) else None


def _source_of(word: str) -> str | None:
    for code, stems in _SOURCES:
        if any(word == stem[1:] if stem.startswith("=") else word.startswith(stem) for stem in stems):
            return code
    return None
