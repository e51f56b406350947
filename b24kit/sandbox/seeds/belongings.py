"""What gathers on leads over the years besides their first letter: files, comments, tasks, calls, product rows, tags of
advertising, observers. Planted after everything else and by a chance of its own, so that the people, letters and ids of
a company are the same with and without it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from b24kit.sandbox.bitrix24 import activities, disk, productrows, todos
from b24kit.sandbox.bitrix24.activity_fields import CALL, EMAIL, INCOMING
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import LEAD, owner_key
from b24kit.sandbox.store import Row

_COMMENTS = (
    "Звонил, просил перезвонить после обеда.",
    "Отправил каталог и прайс, ждёт согласования с директором.",
    "[B]Важно:[/B] скидка 7 % согласована до конца квартала.",
    "Не дозвонился, номер не отвечает.\nПопробовать завтра.",
    "Клиент был на выставке, визитка во вложении.",
)
_FILES = ("Прайс-лист.pdf", "Реквизиты ООО.docx", "визитка.jpg", "Акт сверки №7.xlsx", "договор (подписан).pdf")
_GOODS = (("Участие в семинаре", 14900), ("Стенд 6 кв. м", 86000), ("Курс, один слушатель", 32500))
_SHARES = {"letter_file": 0.12, "comment": 0.25, "task": 0.08, "todo": 0.05, "call": 0.10, "products": 0.08}
_SHARES |= {"utm": 0.15, "observers": 0.05}


def plant_belongings(portal: FakePortal, seed: int) -> dict[str, int]:
    """Hang things on some of the leads; gives how many of each. All of them are done or past: no lead gets a plan."""
    chance = Random(f"{seed}/belongings")
    planters: dict[str, Callable[[FakePortal, Random, int, Row], bool]] = {
        "letter_file": _letter_file,
        "comment": _comment,
        "task": _task,
        "todo": _todo,
        "call": _call,
        "products": _products,
        "utm": _utm,
        "observers": _observers,
    }
    planted = dict.fromkeys(planters, 0)
    for lead_id, row in portal.store["lead"]:
        for name, plant in planters.items():
            if chance.random() < _SHARES[name]:
                planted[name] += plant(portal, chance, lead_id, row)
    return planted


def _content(chance: Random) -> bytes:
    return chance.randbytes(chance.randrange(200, 4000))


def _file(portal: FakePortal, chance: Random, author: int) -> int:
    return disk.keep(portal, chance.choice(_FILES), _content(chance), author)


def _letter_file(portal: FakePortal, chance: Random, lead_id: int, row: Row) -> bool:
    table = portal.store["activity"]
    letters = [i for i in table.find("OWNER", owner_key(LEAD, lead_id)) if table.rows[i].get("TYPE_ID") == EMAIL]
    if letters:
        files = [_file(portal, chance, row["ASSIGNED_BY_ID"]) for _ in range(chance.choice((1, 1, 2)))]
        table.change(letters[0], {"FILES": files})
    return bool(letters)


def _comment(portal: FakePortal, chance: Random, lead_id: int, row: Row) -> bool:
    owner, moment = owner_key(LEAD, lead_id), row["DATE_CREATE"]
    text = chance.choice(_COMMENTS)
    files = [_file(portal, chance, row["ASSIGNED_BY_ID"])] if "вложении" in text else []
    found: Row = {"OWNER": owner, "COMMENT": text, "AUTHOR_ID": row["ASSIGNED_BY_ID"], "CREATED": moment}
    comment_id = portal.store["comment"].add({**found, "FILES": files})
    portal.store["comment_binding"].add({"COMMENT_ID": comment_id, "OWNER": owner})
    return True


def _task(portal: FakePortal, _: Random, lead_id: int, row: Row) -> bool:
    moment, owner = row["DATE_CREATE"], row["ASSIGNED_BY_ID"]
    task: Row = {"TITLE": "Подготовить предложение", "DESCRIPTION": "Цены на два варианта", "RESPONSIBLE_ID": owner}
    task |= {"CREATED_BY": owner, "STATUS": 5, "CREATED_DATE": moment, "CHANGED_DATE": moment, "DEADLINE": moment}
    portal.store["task"].add({**task, "UF_CRM_TASK": [f"L_{lead_id}"]})
    return True


def _todo(portal: FakePortal, _: Random, lead_id: int, row: Row) -> bool:
    owner, moment = row["ASSIGNED_BY_ID"], row["DATE_CREATE"]
    texts: Row = {"SUBJECT": "Уточнить реквизиты", "DESCRIPTION": "ИНН и КПП", "CREATED": moment, "COMPLETED": "Y"}
    todos.add(portal, (LEAD, lead_id), moment, {**texts, "AUTHOR_ID": owner, "RESPONSIBLE_ID": owner})
    return True


def _call(portal: FakePortal, chance: Random, lead_id: int, row: Row) -> bool:
    owner, moment = row["ASSIGNED_BY_ID"], row["DATE_CREATE"]
    number = f"+7495{chance.randrange(10**7):07d}"
    call: Row = {"TYPE_ID": CALL, "PROVIDER_ID": "VOXIMPLANT_CALL", "PROVIDER_TYPE_ID": "CALL", "CREATED": moment}
    call |= {"SUBJECT": f"Звонок {number}", "DESCRIPTION": "Разговор 2 мин.", "DIRECTION": INCOMING, "COMPLETED": "Y"}
    call |= {"RESPONSIBLE_ID": owner, "AUTHOR_ID": owner}
    who = {"ID": "1", "TYPE": "PHONE", "VALUE": number, "ENTITY_TYPE_ID": str(LEAD), "ENTITY_ID": str(lead_id)}
    activities.create(portal, (LEAD, lead_id), {**call, "COMMUNICATIONS": [{**who, "ENTITY_SETTINGS": {}}]})
    return True


def _products(portal: FakePortal, chance: Random, lead_id: int, row: Row) -> bool:
    rows = []
    for name, price in chance.sample(_GOODS, chance.choice((1, 2))):
        rows.append(productrows.accept({"PRODUCT_NAME": name, "PRICE": price, "QUANTITY": chance.randrange(1, 4)}))
    marks = {name: row.get(name) for name in ("DATE_MODIFY", "MODIFY_BY_ID")}
    productrows.replace(portal, LEAD, lead_id, rows, row["ASSIGNED_BY_ID"])
    portal.store["lead"].change(lead_id, marks)
    return True


def _utm(portal: FakePortal, chance: Random, lead_id: int, _: Row) -> bool:
    tags = {"UTM_SOURCE": chance.choice(("yandex", "vk", "telegram")), "UTM_MEDIUM": "cpc"}
    portal.store["lead"].change(lead_id, {**tags, "UTM_CAMPAIGN": "osen_2025", "UTM_TERM": "семинар цена"})
    return True


def _observers(portal: FakePortal, chance: Random, lead_id: int, _: Row) -> bool:
    portal.store["lead"].change(lead_id, {"OBSERVERS": sorted(chance.sample((2, 6, 10, 13), 2))})
    return True
