"""The house of the generated company: an organiser of exhibitions, seminars and courses, with its people and stages.

Fixed on purpose (no chance here): playbooks and demos name these employees, departments, stages and seminars.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from b24kit.sandbox.bitrix24 import directory, moments
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.store import Row

DOMAIN = "expo-standart.example"
COMPANY_NAME = "Экспо-Стандарт"

# id, name, parent, head
DEPARTMENTS = [
    (1, COMPANY_NAME, 0, 1),
    (2, "Отдел продаж", 1, 2),
    (3, "Отдел семинаров и курсов", 1, 6),
    (4, "Выставочный отдел", 1, 10),
    (5, "Колл-центр", 1, 13),
    (6, "Маркетинг", 1, 15),
]


@dataclass(frozen=True, slots=True)
class Employee:
    """One employee: the id is the portal's user id, the mailbox stands before the company's domain."""

    id: int
    given: str
    surname: str
    department: int
    position: str
    mailbox: str
    active: bool = True
    admin: bool = False

    @property
    def email(self) -> str:
        return f"{self.mailbox}@{DOMAIN}"


EMPLOYEES = [
    Employee(1, "Марина", "Соколова", 1, "Генеральный директор", "m.sokolova", admin=True),
    Employee(2, "Игорь", "Белов", 2, "Руководитель отдела продаж", "i.belov"),
    Employee(3, "Ольга", "Киселёва", 2, "Менеджер по продажам", "o.kiseleva"),
    Employee(4, "Денис", "Фролов", 2, "Менеджер по продажам", "d.frolov"),
    Employee(5, "Анна", "Громова", 2, "Менеджер по продажам", "a.gromova"),
    Employee(6, "Елена", "Орлова", 3, "Руководитель отдела семинаров", "e.orlova"),
    Employee(7, "Павел", "Титов", 3, "Менеджер семинаров", "p.titov"),
    Employee(8, "Юлия", "Маркова", 3, "Менеджер семинаров", "y.markova"),
    Employee(9, "Ксения", "Зотова", 3, "Менеджер курсов", "k.zotova"),
    Employee(10, "Вадим", "Лавров", 4, "Руководитель выставочного отдела", "v.lavrov"),
    Employee(11, "Наталья", "Седова", 4, "Менеджер выставок", "n.sedova"),
    Employee(12, "Роман", "Юдин", 4, "Менеджер выставок", "r.yudin"),
    Employee(13, "Светлана", "Ершова", 5, "Руководитель колл-центра", "s.ershova"),
    Employee(14, "Алина", "Рябова", 5, "Оператор колл-центра", "a.ryabova"),
    Employee(15, "Антон", "Мухин", 6, "Маркетолог", "a.mukhin"),
    Employee(16, "Виктор", "Панов", 2, "Менеджер по продажам", "v.panov", active=False),
]
OPT_OUT = "UF_CRM_OPT_OUT"  # "do not write to me": a promise that no clean-up may lose
DIRECTOR, DISMISSED = 1, 16
SALES, SEMINARS, EXHIBITIONS, CALL_CENTRE = (3, 4, 5), (7, 8, 9), (11, 12), (13, 14)

# Mailboxes connected to the CRM and whose leads they became: the wrong integration of the story.
SHARED_MAILBOXES = {f"info@{DOMAIN}": DIRECTOR, f"seminar@{DOMAIN}": 6, f"expo@{DOMAIN}": 10, f"sale@{DOMAIN}": 2}


@dataclass(frozen=True, slots=True)
class Seminar:
    """An event of the house: its title, kind (with the forms in which letters name it) and its manager."""

    title: str
    nominative: str
    accusative: str
    prepositional: str
    manager: int


_SEMINAR, _COURSE, _EXHIBITION = (
    ("Семинар", "семинар", "семинаре"),
    ("Курс", "курс", "курсе"),
    ("Выставка", "выставку", "выставке"),
)
EVENTS = [
    Seminar("Маркировка товаров: новые правила", *_SEMINAR, 7),
    Seminar("Налоговая реформа для бизнеса", *_SEMINAR, 7),
    Seminar("Охрана труда и пожарная безопасность", *_SEMINAR, 8),
    Seminar("Экспорт в страны Азии", *_SEMINAR, 8),
    Seminar("Кадровый учёт без ошибок", *_SEMINAR, 7),
    Seminar("Закупки по 44-ФЗ и 223-ФЗ", *_COURSE, 9),
    Seminar("Складская логистика", *_COURSE, 9),
    Seminar("Технолог пищевого производства", *_COURSE, 8),
    Seminar("Продукты и оборудование", *_EXHIBITION, 11),
    Seminar("Строительство и ремонт", *_EXHIBITION, 12),
]

NEW, FORMS, EMAIL, PHONE, CHAT, IN_WORK = "NEW", "UC_7MX2QD", "UC_LAFJPE", "3", "UC_0W9KZT", "5"
# code, name, sort, colour, semantics, system: stages that are in fact sources, made by hand in the UI
LEAD_STAGES = [
    (NEW, "Не определен", 10, "#39A8EF", None, "Y"),
    (FORMS, "Формы", 20, "#2FC6F6", None, "N"),
    (EMAIL, "E-mail", 30, "#55D0E0", None, "N"),
    (PHONE, "Телефония", 40, "#47E4C2", None, "N"),
    (CHAT, "Чат", 50, "#FFA900", None, "N"),
    (IN_WORK, "в Работе", 60, "#C8B7F2", None, "N"),
    ("CONVERTED", "Качественный лид", 70, "#7BD500", "S", "Y"),
    ("JUNK", "Некачественный лид", 80, "#FF5752", "F", "Y"),
]
PIPELINES = [(0, "Общая", 100), (1, "Семинары и курсы", 200), (2, "Выставки", 300)]


def plant_people(portal: FakePortal) -> None:
    """Departments with heads and the employees, one of them dismissed, one the administrator."""
    hired = moments.stored(portal.now() - timedelta(days=4 * 365))
    for department_id, name, parent, head in DEPARTMENTS:
        row: Row = {"NAME": name, "SORT": 500, "UF_HEAD": head}
        put(portal, "department", department_id, {**row, **({"PARENT": parent} if parent else {})})
    for one in EMPLOYEES:
        put(portal, "user", one.id, _user_row(one, hired))


def plant_stages(portal: FakePortal) -> None:
    """Lead stages named after sources, deal pipelines with stages, and the plain directories."""
    for code, name, sort, color, semantics, system in LEAD_STAGES:
        directory.add_row(
            portal, directory.LEAD_STAGES, code, name, sort, color=color, semantics=semantics, system=system
        )
    for category_id, name, sort in PIPELINES:
        put(portal, "category", category_id, {"NAME": name, "SORT": sort})
        directory.plant_stages(portal, directory.deal_stages(category_id))
    directory.plant_directories(portal)


def put(portal: FakePortal, table: str, row_id: int, row: Row) -> None:
    """Store a row under a fixed id, over one that a fresh portal may have brought."""
    if row_id in portal.store[table].rows:
        portal.store[table].change(row_id, row)
    else:
        portal.store[table].add(row, row_id)


def _user_row(one: Employee, hired: str) -> Row:
    return {
        "NAME": one.given,
        "LAST_NAME": one.surname,
        "EMAIL": one.email,
        "ACTIVE": "Y" if one.active else "N",
        "ADMIN": "Y" if one.admin else "N",
        "WORK_POSITION": one.position,
        "UF_DEPARTMENT": [one.department],
        "PERSONAL_GENDER": "F" if one.surname.endswith("а") else "M",
        "UF_PHONE_INNER": str(100 + one.id),
        "USER_TYPE": "employee",
        "DATE_REGISTER": hired,
    }
