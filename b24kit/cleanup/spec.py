"""The `clean:` section of a playbook: which pile, and what becomes of each kind of letter.

Descriptions of the fields are in Russian: they become the hints of an editor through the exported JSON Schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from b24kit.cleanup.extract_spec import ExtractSpec
from b24kit.cleanup.handover_spec import HandoverSpec
from b24kit.cleanup.survive_spec import SurviveSpec
from b24kit.crm.refs import CARDS
from b24kit.letters.classify import RELAYS, LetterClass
from b24kit.owners.section import Names, Section, Text

Action = Literal["convert", "convert_with_deal", "archive", "delete", "review", "leave"]
Mode = Literal["convert", "archive", "delete", "extract"]
CONVERTING: frozenset[Action] = frozenset({"convert", "convert_with_deal"})
ENDING: frozenset[Action] = frozenset({"archive", "delete"})  # a lead goes, whoever wrote it
_MACHINES = ("newsletter", "notification", "auto_reply", "bounce", "employee")
_DOUBTFUL = ("forwarded", "relay", "unclear")
# What a mode does with the classes that the playbook says nothing of.
DEFAULTS: dict[Mode, dict[str, Action]] = {
    "convert": {"human": "convert", **dict.fromkeys(_MACHINES, "archive"), **dict.fromkeys(_DOUBTFUL, "leave")},
    "archive": dict.fromkeys(("human", *_MACHINES, *_DOUBTFUL), "archive"),
    # Nothing brings a removed lead back as it was: where nobody can tell whose letter it is, a person decides.
    "delete": {**dict.fromkeys(("human", *_MACHINES), "delete"), **dict.fromkeys(_DOUBTFUL, "review")},
    "extract": dict.fromkeys(("human", *_MACHINES, *_DOUBTFUL), "leave"),
}


class PileSpec(Section):
    """Which open leads are the pile; an empty list does not narrow."""

    stages: Names = Field(default=(), description="Стадии с залежами: код или название; пусто: все стадии в работе")
    sources: Names = Field(default=(), description="Источники: код или название; пусто: любые")
    stuck_after: int = Field(default=14, ge=0, description="Через сколько дней на стадии лид считается застрявшим")


_ACTIONS = (
    "convert, convert_with_deal, archive, delete, review (оставить человеку на проверку) или leave (не трогать). "
)
_BY_MODE = "Пусто: при mode convert {convert}, archive {archive}, delete {delete}"


def _by_mode(what: str, kind: str) -> str:
    """A class's hint: what it is, what may be done, and the row of the table of modes that is its own."""
    row = {mode: actions[kind] for mode, actions in DEFAULTS.items()}
    allowed = _ACTIONS if kind == "human" else _ACTIONS.replace("convert, convert_with_deal, ", "")
    return f"{what}: {allowed}{_BY_MODE.format(**row)}"


class ClassesSpec(Section):
    """What to do with each kind of letter; a class without an action goes as the mode says."""

    human: Action | None = Field(default=None, description=_by_mode("Письмо человека", "human"))
    newsletter: Action | None = Field(default=None, description=_by_mode("Рассылка", "newsletter"))
    notification: Action | None = Field(default=None, description=_by_mode("Уведомление робота", "notification"))
    auto_reply: Action | None = Field(default=None, description=_by_mode("Автоответ", "auto_reply"))
    bounce: Action | None = Field(default=None, description=_by_mode("Отчёт о недоставке", "bounce"))
    employee: Action | None = Field(default=None, description=_by_mode("Письмо своего сотрудника", "employee"))
    forwarded: Action | None = Field(
        default=None, description=_by_mode("Пересланное сотрудником, где адреса клиента не видно", "forwarded")
    )
    relay: Action | None = Field(
        default=None,
        description=_by_mode("Заявка через форму, площадку или телефонию, где клиента не видно", "relay"),
    )
    unclear: Action | None = Field(default=None, description=_by_mode("Непонятно, от кого письмо", "unclear"))

    @model_validator(mode="after")
    def _only_people_become_clients(self) -> ClassesSpec:
        for kind in LetterClass:
            if kind is not LetterClass.HUMAN and getattr(self, class_name(kind)) in CONVERTING:
                raise PydanticCustomError("convert_people", "{kind} cannot be converted", {"kind": kind.value})
        return self


def class_name(kind: LetterClass) -> str:
    """How the playbook calls a class: all services that write for others are alike."""
    return "relay" if kind in RELAYS else kind.value


class CloseSpec(Section):
    """Where cleaned leads go; the stages must be in the design or on the portal."""

    new_client: Text | None = Field(default=None, description="Первый лид нового клиента; пусто: стадия успеха")
    linked: Text = Field(default="B24KIT_LINKED", description="Повторное письмо или письмо известного клиента")
    archive: Text = Field(default="B24KIT_ARCHIVE", description="Архив: рассылки, автоответы и прочее")


class OwnSpec(Section):
    """What is ours besides employees' addresses and connected mailboxes, which are read from the portal."""

    domains: Names = Field(default=(), description="Свои домены: письма с них не делают клиентов")
    addresses: Names = Field(default=(), description="Свои адреса на чужих доменах")
    relays: Names = Field(default=(), description="Домены форм и площадок, которые пишут за клиентов")
    roles: Names = Field(default=(), description="Ещё имена общих ящиков, кроме info, sales и подобных")


def _card(value: Any) -> Any:
    """`lead:12`: only kinds of cards, only a number."""
    kind, _, number = str(value).strip().lower().partition(":")
    if kind not in CARDS or not number.isalnum():
        raise PydanticCustomError("card", "not a card: {card}", {"card": str(value)})
    return f"{kind}:{number}"


class ProtectSpec(Section):
    """Cards that are never written, merged or closed, whatever else the playbook says."""

    cards: tuple[Annotated[str, BeforeValidator(_card)], ...] = Field(
        default=(), description="Карточки по номерам: lead:12, contact:7, company:3, deal:5"
    )
    owners: Names = Field(default=(), description="Все карточки этих сотрудников: номер, e-mail, имя или должность")
    fields: Mapping[Text, Names] = Field(
        default_factory=dict, description="Карточки с таким значением поля: UF_CRM_VIP: [Y]; source: [PARTNER]"
    )


TITLE_GAPS = ("client", "company", "subject", "lead")


class IncomingSpec(Section):
    """Letters that wait among incoming leads, where a vendor keeps such a list."""

    mail: Literal["take", "leave"] = Field(
        default="take", description="Письма в неразобранном: take разбирать вместе с завалом, leave не трогать"
    )
    link: Literal["never", "probe"] = Field(
        default="never",
        description="Письма известных клиентов: never записать в примечание и отклонить; probe присоединить к открытой "
        "сделке (первое письмо служит пробой: откажет портал, остальные останутся на месте)",
    )


class CarrySpec(Section):
    """What a client's card takes over from his leads, beside name, points and source."""

    fields: Mapping[Text, Text] = Field(
        default_factory=dict,
        description="Свои поля: поле лида и поле контакта, UF_CRM_CITY: UF_CRM_TOWN. Должность, день рождения, адрес и "
        "метки рекламы переносятся и так. Поля-списки переносить нельзя: значения у каждого поля под своими номерами. "
        "Чьё значение из нескольких лидов: survive.fields по коду поля контакта",
    )
    comments: bool = Field(default=True, description="Комментарии лидов переносить в карточку, где её комментарий пуст")
    to_known: bool = Field(default=True, description="Пустые поля известного клиента заполнять из его лидов")


class DealsSpec(Section):
    """Deals for those whose letters are converted with a deal."""

    pipeline: Text | None = Field(default=None, description="Воронка: номер или название; пусто: общая")
    stage: Text | None = Field(default=None, description="Стадия: код или название; пусто: первая в работе")
    title: Text = Field(
        default="{subject}", description="Название сделки; можно {client}, {company}, {subject} и {lead} (номер лида)"
    )
    when: Literal["always", "no_running_deal"] = Field(
        default="no_running_deal",
        description="no_running_deal: у клиента с открытой сделкой вторая не появится; always: сделка всем",
    )

    @model_validator(mode="after")
    def _gaps_are_known(self) -> DealsSpec:
        try:
            named = {name for _, name, _, _ in Formatter().parse(self.title) if name is not None}
        except ValueError:
            named = {self.title}
        if named - set(TITLE_GAPS):
            raise PydanticCustomError("deal_title", "unknown words in braces: {words}", {"words": ", ".join(named)})
        return self


class CleanSpec(Section):
    """The clean-up of a pile."""

    mode: Mode = Field(
        default="convert",
        description="convert: сделать клиентов; archive: всё в архив; delete: удалить (с копией и набранной фразой); "
        "extract: только выписать активных клиентов. Действует на виды писем, о которых в classes ничего не сказано",
    )
    tap_open: bool = Field(
        default=False, description="true: разбирать, хотя ящики ещё делают лиды из писем (завал вернётся)"
    )
    deals: DealsSpec = Field(default=DealsSpec(), description="Какие сделки создаёт convert_with_deal")
    incoming: IncomingSpec = Field(default=IncomingSpec(), description="Неразобранное: что делать с письмами")
    extract: ExtractSpec = Field(default=ExtractSpec(), description="Кого считать активным клиентом (mode extract)")
    pile: PileSpec = Field(default=PileSpec(), description="Что разбираем")
    classes: ClassesSpec = Field(default=ClassesSpec(), description="Что делать с каждым видом писем")
    close: CloseSpec = Field(default=CloseSpec(), description="На какие стадии уходят разобранные лиды")
    own: OwnSpec = Field(default=OwnSpec(), description="Что считать своим")
    company_by_domain: Literal["link", "create", "off"] = Field(
        default="link",
        description="Компания по домену почты: link привязывает имеющуюся, create ещё и создаёт, off не трогает",
    )
    add_addresses: bool = Field(default=True, description="Новый адрес известного клиента добавить в его карточку")
    move_letters: bool = Field(default=False, description="true: письма уходят из лида к контакту, а не висят на обоих")
    comment: bool = Field(
        default=True, description="Записать в новый контакт, из каких лидов он собран и за какие даты"
    )
    signatures: bool = Field(
        default=True,
        description="Дополнить новый контакт из подписи: телефоны в карточку, должность и фирму в комментарий",
    )
    consent: Names = Field(
        default=(),
        description="Поля отказов (UF_CRM_...): отказ из лида попадёт в контакт, более строгий побеждает. "
        "Поле с тем же кодом должно быть у контактов",
    )
    protect: ProtectSpec = Field(default=ProtectSpec(), description="Карточки, которые нельзя трогать")
    maybe_known: Literal["leave", "new"] = Field(
        default="leave",
        description="Кто похож на известного клиента, но не наверняка: leave оставляет лид человеку с вопросом, "
        "new делает новый контакт",
    )
    merge: Literal["off", "auto", "reviewed"] = Field(
        default="off",
        description="Имеющиеся двойники контактов и компаний: off не трогать, auto объединять несомненных, "
        "reviewed только подтверждённых человеком. Объединение необратимо, нужна фраза подтверждения",
    )
    merge_kinds: tuple[Literal["contact", "company"], ...] = Field(
        default=("contact", "company"), description="Что объединять: contact, company"
    )
    carry: CarrySpec = Field(default=CarrySpec(), description="Что карточка клиента получает из его лидов")
    survive: SurviveSpec = Field(
        default=SurviveSpec(), description="Какая карточка остаётся и чьё значение берёт каждое поле"
    )
    handover: HandoverSpec | None = Field(
        default=None, description="Клиенты уволенных: кому они переходят; без раздела остаются как есть"
    )
    limit: int | None = Field(default=None, ge=1, description="Не больше стольких клиентов за один раз")

    def action(self, kind: LetterClass) -> Action:
        """What to do with a letter of this kind when no client is certain: its own word, else the mode's."""
        name = class_name(kind)
        own: Action | None = getattr(self.classes, name)
        return own or DEFAULTS[self.mode][name]
