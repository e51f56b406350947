"""The `clean: tidy:` section of a playbook: how contacts and companies are written, once their owners are known.

Descriptions are in Russian: they become the hints of an editor.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from b24kit.owners.section import Names, Section, Text


class TidySpec(Section):
    """What is written alike on every card; nothing is thrown away, the way back is the former spelling."""

    names: bool = Field(
        default=True, description="Имена: лишние пробелы, ИВАНОВ и иванов как Иванов, фамилия с именем в одном поле"
    )
    phones: bool = Field(
        default=True, description="Телефоны одним видом, +79001234567; добавочные и пояснения остаются"
    )
    emails: bool = Field(default=True, description="Почта строчными, без пробелов и имени вокруг адреса")
    values: Mapping[Text, Mapping[Text, Names]] = Field(
        default_factory=dict,
        description="Поля с устойчивыми значениями: поле, верное значение и как его ещё пишут. POST: {Генеральный "
        "директор: [гендир, директор генеральный]}. Сокращения и регистр узнаются сами",
    )
    spellings: Names = Field(
        default=(), description="Поля, где одно значение в разных написаниях сводится к самому частому: [POST]"
    )
