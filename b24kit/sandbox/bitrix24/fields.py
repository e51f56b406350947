"""The field tables of cards: names in both dialects, vendor types, what is read-only, and the answers of `*.fields`.

Written from the vendor's pages of crm.lead.fields, crm.contact.fields, crm.company.fields, crm.deal.fields and
crm.item.fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, method
from b24kit.sandbox.bitrix24.tables import COMPANY, CONTACT, DEAL, LEAD

MULTIFIELD_TYPES = ("PHONE", "EMAIL", "WEB", "IM", "LINK")
KIND_NAMES = {LEAD: "lead", DEAL: "deal", CONTACT: "contact", COMPANY: "company"}
USERFIELD_ENTITIES = {LEAD: "CRM_LEAD", DEAL: "CRM_DEAL", CONTACT: "CRM_CONTACT", COMPANY: "CRM_COMPANY"}
STAGE_COLUMNS = {LEAD: "STATUS_ID", DEAL: "STAGE_ID"}
# How the values of a kind of user field are kept: as those of this vendor type; everything else is text.
CUSTOM_KINDS = {
    "integer": "integer",
    "double": "double",
    "boolean": "char",
    "date": "date",
    "datetime": "datetime",
    "enumeration": "integer",
    "employee": "user",
}
SEMANTIC_COLUMNS = {LEAD: "STATUS_SEMANTIC_ID", DEAL: "STAGE_SEMANTIC_ID"}


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a card. `item` is its camelCase name, None where the universal methods do not show it."""

    name: str
    kind: str
    item: str | None
    read_only: bool = False
    immutable: bool = False
    required: bool = False
    multiple: bool = False
    deprecated: bool = False
    status_type: str | None = None
    parent: int | None = None


_PARENTS = {"crm_company": COMPANY, "crm_lead": LEAD, "crm_quote": 7}
_ITEM_NAMES = {
    "DATE_CREATE": "createdTime",
    "DATE_MODIFY": "updatedTime",
    "CREATED_BY_ID": "createdBy",
    "MODIFY_BY_ID": "updatedBy",
    "MOVED_BY_ID": "movedBy",
    "STATUS_ID": "stageId",
    "STATUS_SEMANTIC_ID": "stageSemanticId",
    "COMPANY_TYPE": "typeId",
}
_ADDRESS = """
ADDRESS string - | ADDRESS_2 string - | ADDRESS_CITY string - | ADDRESS_POSTAL_CODE string - | ADDRESS_REGION string -
| ADDRESS_PROVINCE string - | ADDRESS_COUNTRY string -
 | ADDRESS_COUNTRY_CODE string - | ADDRESS_LOC_ADDR_ID integer -"""
_UTM = "UTM_SOURCE string | UTM_MEDIUM string | UTM_CAMPAIGN string | UTM_CONTENT string | UTM_TERM string"
_LAST_ACTIVITY = "LAST_ACTIVITY_BY user ro | LAST_ACTIVITY_TIME datetime ro"
_AUTHORS = """ASSIGNED_BY_ID user | CREATED_BY_ID user ro | MODIFY_BY_ID user ro | DATE_CREATE datetime ro
| DATE_MODIFY datetime ro"""
_HAS = "HAS_PHONE char ro | HAS_EMAIL char ro | HAS_IMOL char ro"

# Words after the type: ro read-only, im immutable, re required, mu multiple, de deprecated, - not in the universal
# methods, =X values from directory X. The order is the order of keys in a classic row.
_SPECS = {
    LEAD: f"""ID integer ro | TITLE string | HONORIFIC crm_status =HONORIFIC | NAME string | SECOND_NAME string
| LAST_NAME string | COMPANY_TITLE string | COMPANY_ID crm_company | CONTACT_ID crm_contact de
| CONTACT_IDS crm_contact mu | IS_RETURN_CUSTOMER char ro | BIRTHDATE date | SOURCE_ID crm_status =SOURCE
| SOURCE_DESCRIPTION string | STATUS_ID crm_status =STATUS | STATUS_DESCRIPTION string | POST string | COMMENTS string
| CURRENCY_ID crm_currency | OPPORTUNITY double | IS_MANUAL_OPPORTUNITY char | {_HAS} | {_AUTHORS}
| DATE_CLOSED datetime ro | STATUS_SEMANTIC_ID string ro | OPENED char | ORIGINATOR_ID string | ORIGIN_ID string
| MOVED_BY_ID user ro | MOVED_TIME datetime ro | {_ADDRESS} | {_UTM} | {_LAST_ACTIVITY}""",
    CONTACT: f"""ID integer ro | POST string | COMMENTS string | HONORIFIC crm_status =HONORIFIC | NAME string
| SECOND_NAME string | LAST_NAME string | PHOTO file | LEAD_ID crm_lead ro | TYPE_ID crm_status =CONTACT_TYPE
| SOURCE_ID crm_status =SOURCE | SOURCE_DESCRIPTION string | COMPANY_ID crm_company | COMPANY_IDS crm_company mu
| BIRTHDATE date | EXPORT char | {_HAS} | {_AUTHORS} | OPENED char | ORIGINATOR_ID string | ORIGIN_ID string
| ORIGIN_VERSION string | FACE_ID integer ro | {_ADDRESS} | {_UTM} | {_LAST_ACTIVITY}""",
    COMPANY: f"""ID integer ro | COMPANY_TYPE crm_status =COMPANY_TYPE | TITLE string re | LOGO file
| LEAD_ID crm_lead ro | {_HAS} | {_AUTHORS} | BANKING_DETAILS string | INDUSTRY crm_status =INDUSTRY | REVENUE double
| CURRENCY_ID crm_currency | EMPLOYEES crm_status =EMPLOYEES | COMMENTS string | OPENED char | IS_MY_COMPANY char
| CONTACT_ID crm_contact mu - | ORIGINATOR_ID string | ORIGIN_ID string | ORIGIN_VERSION string | {_ADDRESS}
| ADDRESS_LEGAL string - | REG_ADDRESS string - | REG_ADDRESS_2 string - | REG_ADDRESS_CITY string -
| REG_ADDRESS_POSTAL_CODE string - | REG_ADDRESS_REGION string - | REG_ADDRESS_PROVINCE string -
| REG_ADDRESS_COUNTRY string - | REG_ADDRESS_COUNTRY_CODE string - | REG_ADDRESS_LOC_ADDR_ID integer - | {_UTM}
| {_LAST_ACTIVITY} | LAST_COMMUNICATION_TIME string ro""",
    DEAL: f"""ID integer ro | TITLE string | TYPE_ID crm_status =DEAL_TYPE | STAGE_ID crm_status =DEAL_STAGE
| PROBABILITY integer | CURRENCY_ID crm_currency | OPPORTUNITY double | IS_MANUAL_OPPORTUNITY char | TAX_VALUE double
| LEAD_ID crm_lead ro | COMPANY_ID crm_company | CONTACT_ID crm_contact de | CONTACT_IDS crm_contact mu
| QUOTE_ID crm_quote ro | BEGINDATE date | CLOSEDATE date | {_AUTHORS} | OPENED char | CLOSED char | COMMENTS string
| ADDITIONAL_INFO string | LOCATION_ID location | CATEGORY_ID crm_category im | STAGE_SEMANTIC_ID string ro
| IS_NEW char ro | IS_RECURRING char | IS_RETURN_CUSTOMER char | IS_REPEATED_APPROACH char
| SOURCE_ID crm_status =SOURCE | SOURCE_DESCRIPTION string | ORIGINATOR_ID string | ORIGIN_ID string
| MOVED_BY_ID user ro | MOVED_TIME datetime ro | {_UTM} | {_LAST_ACTIVITY}""",
}
_TITLES = {
    "TITLE": "Название",
    "NAME": "Имя",
    "SECOND_NAME": "Отчество",
    "LAST_NAME": "Фамилия",
    "STATUS_ID": "Стадия",
    "STAGE_ID": "Стадия сделки",
    "SOURCE_ID": "Источник",
    "COMMENTS": "Комментарий",
    "OPPORTUNITY": "Сумма",
    "CURRENCY_ID": "Валюта",
    "ASSIGNED_BY_ID": "Ответственный",
    "CREATED_BY_ID": "Кем создан",
    "MODIFY_BY_ID": "Кем изменен",
    "DATE_CREATE": "Дата создания",
    "DATE_MODIFY": "Дата изменения",
    "COMPANY_ID": "Компания",
    "CONTACT_ID": "Контакт",
    "CONTACT_IDS": "Контакты",
    "CATEGORY_ID": "Воронка",
    "OPENED": "Доступен для всех",
    "PHONE": "Телефон",
    "EMAIL": "E-mail",
    "WEB": "Сайт",
    "IM": "Мессенджер",
}


def camel(name: str) -> str:
    """`SOURCE_ID` in the universal methods' spelling: `sourceId`."""
    first, *rest = name.lower().split("_")
    return first + "".join(part.capitalize() for part in rest)


def _column(text: str) -> Column:
    name, kind, *words = text.split()
    directory = next((word[1:] for word in words if word.startswith("=")), None)
    return Column(
        name,
        kind,
        None if "-" in words else _ITEM_NAMES.get(name, camel(name)),
        read_only="ro" in words,
        immutable="im" in words,
        required="re" in words,
        multiple="mu" in words,
        deprecated="de" in words,
        status_type=directory,
        parent=_PARENTS.get(kind),
    )


COLUMNS: dict[int, dict[str, Column]] = {
    type_id: {column.name: column for column in map(_column, spec.split("|"))} for type_id, spec in _SPECS.items()
}


@lru_cache(maxsize=8)
def item_columns(type_id: int) -> Mapping[str, Column]:
    """camelCase name -> column, for the universal methods."""
    return {column.item: column for column in COLUMNS[type_id].values() if column.item is not None}


def custom_fields(portal: FakePortal, type_id: int) -> list[dict[str, Any]]:
    """Rows of the user fields of a kind of card, in order of id."""
    table = portal.store["userfield"]
    return [table.rows[row_id] for row_id in table.find("ENTITY_ID", USERFIELD_ENTITIES[type_id])]


def custom_camel(name: str) -> str:
    """`UF_CRM_3_1747` as `ufCrm3_1747`, `UF_CRM_1747` as `ufCrm_1747`, `UF_CRM_MY_MARK` as `ufCrmMyMark`."""
    parts = name.split("_")[2:]
    spelled = "ufCrm"
    for place, part in enumerate(parts):
        if place == 0 and len(parts) > 1 and part.isdigit():
            spelled += part
        else:
            spelled += part.capitalize() if part.isalpha() else f"_{part}"
    return spelled


def describe(column: Column) -> dict[str, Any]:
    """One description as `*.fields` gives it: always type, five switches and a title."""
    told: dict[str, Any] = {
        "type": column.kind,
        "isRequired": column.required,
        "isReadOnly": column.read_only,
        "isImmutable": column.immutable,
        "isMultiple": column.multiple,
        "isDynamic": False,
        "title": _TITLES.get(column.name, column.name),
    }
    if column.deprecated:
        told["isDeprecated"] = True
    if column.status_type:
        told["statusType"] = column.status_type
    if column.parent:
        told["settings"] = {"parentEntityTypeId": column.parent}
    return told


def describe_custom(row: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a user field; an enumeration carries its `items`."""
    label = row.get("EDIT_FORM_LABEL") or row["FIELD_NAME"]
    told: dict[str, Any] = {
        "type": row["USER_TYPE_ID"],
        "isRequired": row.get("MANDATORY") == "Y",
        "isReadOnly": False,
        "isImmutable": False,
        "isMultiple": row.get("MULTIPLE") == "Y",
        "isDynamic": True,
        "title": row["FIELD_NAME"],
        "listLabel": label,
        "formLabel": label,
        "filterLabel": label,
    }
    if row["USER_TYPE_ID"] == "enumeration":
        told["items"] = [{"ID": str(entry["ID"]), "VALUE": entry["VALUE"]} for entry in row.get("LIST", [])]
    told["settings"] = row.get("SETTINGS") or []
    return told


def describe_classic(portal: FakePortal, type_id: int) -> dict[str, Any]:
    """The whole answer of `crm.{kind}.fields`."""
    told = {name: describe(column) for name, column in COLUMNS[type_id].items()}
    if type_id != DEAL:
        for name in MULTIFIELD_TYPES:
            told[name] = describe(Column(name, "crm_multifield", None, multiple=True))
    return told | {row["FIELD_NAME"]: describe_custom(row) for row in custom_fields(portal, type_id)}


def describe_items(portal: FakePortal, type_id: int, original_names: bool) -> dict[str, Any]:
    """The map under `fields` in the answer of crm.item.fields; every description names its `upperName`."""
    told = {name: describe(column) | {"upperName": column.name} for name, column in item_columns(type_id).items()}
    if type_id != DEAL:
        told["fm"] = describe(Column("FM", "crm_multifield", None, multiple=True)) | {"upperName": "FM"}
    for row in custom_fields(portal, type_id):
        name = row["FIELD_NAME"] if original_names else custom_camel(row["FIELD_NAME"])
        told[name] = describe_custom(row) | {"upperName": row["FIELD_NAME"]}
    return told


def _classic_fields(type_id: int) -> None:
    @method(f"crm.{KIND_NAMES[type_id]}.fields")
    def _fields(call: Call) -> Answer:
        return Answer(describe_classic(call.portal, type_id))


for _type_id in KIND_NAMES:
    _classic_fields(_type_id)


@method("crm.multifield.fields")
def multifield_fields(_call: Call) -> Answer:
    """The description of a multifield's own keys."""
    columns = (
        Column("ID", "int", None, read_only=True),
        Column("TYPE_ID", "string", None, read_only=True),
        Column("VALUE", "string", None),
        Column("VALUE_TYPE", "string", None),
    )
    return Answer({column.name: describe(column) for column in columns})
