"""The labelled lines of a form's letter: `Имя: ...`, `Телефон: ...`, `E-mail: ...`, in Russian or English.

Site builders write them with colons, dashes, tabs of a table, or the value on the line below its label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from b24kit.matching import addresses
from b24kit.matching.phones import phones_in

_LABELS = {
    "name": """имя|представитель|фио|ф.и.о|ф. и. о|
    контактное лицо|контакт|клиент|покупатель|заказчик|отправитель|заявитель|соискатель|
    гость|участник|автор|name|full name|contact person|customer|buyer|client|contact|имя и фамилия|фамилия и имя|
    фамилия имя|фамилия имя отчество|фамилия, имя|представьтесь|как вас зовут|как к вам обращаться|your name""",
    "first": "first name|имя отчество",
    "last": "фамилия|last name|surname",
    "middle": "отчество|middle name",
    "email": """email|e-mail|mail|почта|эл. почта|эл.почта|электронная почта|адрес электронной почты|электронный адрес|
    email address|e-mail address|адрес почты|почтовый ящик|куда ответить""",
    "phone": """телефон|тел|моб|моб. телефон|раб. телефон|сот. телефон|
    мобильный|мобильный телефон|номер|номер телефона|контактный телефон|контактный номер|
    сотовый|phone|mobile|tel|telephone|phone number|mobile phone|cell|абонент|номер абонента|звонивший|caller|
    номер клиента|с номера|откуда|whatsapp|ватсап""",
    "company": "компания|организация|название компании|название организации|фирма|юрлицо|юр. лицо|company|organization|"
    "organisation|company name|наименование организации",
    "position": "должность|position|job title",
}
_FIELD_OF = {
    label.strip(): field
    for field, text in _LABELS.items()
    for label in text.replace("\n", "").split("|")
    if label.strip()
}
_LINE = re.compile(
    r"^[\W\d_]*?(?P<label>[^\W\d_][^:=\t\n]{1,40}?)\s*(?:\([^)]*\))?\s*\**\s*(?:[:=]|\t|\s[-–—]\s)\s*(?P<value>.*)$"
)
_BARE = re.compile(r"^[\W\d_]*?(?P<label>[^\W\d_][\w .,-]{1,40}?)\s*[*:]*\s*$")
_OF_WHOM = re.compile(
    r"^(?:ваш[аеи]?|your|the|клиент\w*|контактн\w+|client['’]?s?|customer['’]?s?|visitor['’]?s?)\s+|\s+(?:клиента|"
    r"покупателя|"
    r"заявителя|заказчика|контакта|участника|отправителя|посетителя|гостя|пользователя|абонента|респондента|подписчика|"
    r"собеседника|(?:контактного )?лица|для связи|для ответа|of (?:the )?(?:client|customer|buyer|visitor))$",
    re.IGNORECASE,
)
_NOTHING = frozenset({"", "-", "—", "–", "нет", "не указано", "не указан", "не указана", "n/a", "none", "null", "no"})


@dataclass(frozen=True, slots=True)
class Fields:
    """What a form tells of a client: as written; `emails` and `phones` are those that stand under such a label."""

    name: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    company: str = ""
    position: str = ""

    @property
    def tell_a_client(self) -> bool:
        """An address, or a name with a number: what a form is filled in for."""
        return bool(self.emails or (self.phones and self.name))


NO_FIELDS = Fields()


def read_fields(text: str) -> Fields:
    """The labelled values of a letter; the first one under a label counts, addresses and numbers are all taken."""
    found: dict[str, list[str]] = {}
    for field, value in _pairs(text.split("\n")):
        if value.lower().strip(" .") not in _NOTHING:
            found.setdefault(field, []).append(value)
    first = {field: values[0] for field, values in found.items()}
    parts = (first.get("last", ""), first.get("first", "") or first.get("name", ""), first.get("middle", ""))
    whole = " ".join(part for part in parts if part) if "last" in first else first.get("name") or first.get("first", "")
    # `Контактное лицо: Анна Белова, +7 ..., anna@...` tells all three under one label.
    named = [value for field in ("name", "first") for value in found.get(field, ())]
    return Fields(
        name=_plain_name(whole),
        emails=tuple(
            dict.fromkeys(a for text in (*found.get("email", ()), *named) for a in addresses.addresses_in(text))
        ),
        phones=tuple(dict.fromkeys(p.number for text in (*found.get("phone", ()), *named) for p in phones_in(text))),
        company=first.get("company", ""),
        position=first.get("position", ""),
    )


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    for at, line in enumerate(lines):
        found = _LINE.match(line)
        field = _field(found["label"]) if found else None
        if found and field and found["value"].strip():
            yield field, found["value"].strip(" *\t")
            continue
        bare = found if found and field else _BARE.match(line)
        field = _field(bare["label"]) if bare else None
        below = lines[at + 1].strip(" *\t") if at + 1 < len(lines) else ""
        if field and below and not _names_field(below) and _fits(field, below):
            yield field, below


def _fits(field: str, value: str) -> bool:
    """A value on the next line must look like what its label promises: prose under `Контакт` is no name."""
    if field == "email":
        return "@" in value
    return bool(phones_in(value)) if field == "phone" else len(value) <= 60 and not value.endswith((".", "?", "!"))


def _names_field(line: str) -> bool:
    found = _LINE.match(line) or _BARE.match(line)
    return found is not None and _field(found["label"]) is not None


def _field(label: str) -> str | None:
    plain = " ".join(label.lower().replace("ё", "е").strip(" .*•-–—").split())
    return _FIELD_OF.get(plain) or _FIELD_OF.get(_OF_WHOM.sub("", plain).strip(" ."))


def _plain_name(text: str) -> str:
    """A name without an address or a number behind it."""
    bare = re.split(r"[<(|,;]|\s[-–—]\s|\+?\d{3,}", text, maxsplit=1)[0]
    return " ".join(bare.split()) if "@" not in bare else ""
